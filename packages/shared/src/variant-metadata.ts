import { FORMATS, type Format } from "./config.ts";

/** What a stored variant says about itself, kept as R2 custom metadata. */
export interface VariantMetadata {
  /** The generation that made it (docs/internals/queue.md): tells whether these bytes still count. */
  gen: number;
  /** The engine's job id, or `ORIGINAL_JOB`. */
  job: string;
  /** The original's etag when it was made; null when the origin gave none. */
  sourceEtag: string | null;
  /** Of the original when it was made; null when its server did not say, or nobody looked. */
  originalBytes: number | null;
  /** In px. */
  width: number;
  /** In px. */
  height: number;
  /** Unix ms. */
  createdAt: number;
  /** Formats in which the same picture is stored with fewer bytes, the smallest first (smallest.ts). Absent: none. */
  smaller?: readonly Format[];
}

/** The job of a variant that is the original's own picture, in a format that is not configured: nobody makes it again. */
export const ORIGINAL_JOB = "original";

/** Printed as text, because R2 keeps nothing else; `fromCustomMetadata` reads it back. */
export function toCustomMetadata(metadata: VariantMetadata): Record<string, string> {
  return {
    gen: String(metadata.gen),
    job: metadata.job,
    ...(metadata.sourceEtag === null ? {} : { "source-etag": metadata.sourceEtag }),
    ...(metadata.originalBytes === null ? {} : { "original-bytes": String(metadata.originalBytes) }),
    width: String(metadata.width),
    height: String(metadata.height),
    "created-at": String(metadata.createdAt),
    ...(metadata.smaller?.length ? { smaller: metadata.smaller.join(" ") } : {}),
  };
}

/** Null for objects that we did not put, such as ones copied in by hand: their generation counts as none. */
export function fromCustomMetadata(object: Record<string, string> | undefined): VariantMetadata | null {
  const gen = readInteger(object?.gen);
  const width = readInteger(object?.width);
  const height = readInteger(object?.height);
  const createdAt = readInteger(object?.["created-at"]);
  const job = object?.job;
  if (gen === null || width === null || height === null || createdAt === null || job === undefined) return null;
  const sourceEtag = object?.["source-etag"] ?? null;
  const named = object?.smaller?.split(" ") ?? [];
  const smaller = named.flatMap((name) => FORMATS.find((format) => format === name) ?? []);
  const more = smaller.length === 0 ? {} : { smaller };
  return { gen, job, sourceEtag, originalBytes: originalBytesOf(object), width, height, createdAt, ...more };
}

/** The generation that made an object of this metadata; 0 for objects that Prewarm did not put. */
export function genOf(object: Record<string, string> | undefined): number {
  return readInteger(object?.gen) ?? 0;
}

/** The original's bytes as a stored variant tells them; null when it does not. */
export function originalBytesOf(object: Record<string, string> | undefined): number | null {
  return readInteger(object?.["original-bytes"]);
}

function readInteger(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}
