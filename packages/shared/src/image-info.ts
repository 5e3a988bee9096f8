import { FORMATS, type Format } from "./config.ts";
import { DEFAULT_QUALITY, type Transform } from "./transform.ts";
import { parseVariantKey, variantName } from "./variant-key.ts";

/**
 * What an original has and none of its variants, where the site wants labels. `manifest`: a signed manifest of Content
 * Credentials (C2PA), which does not fit other pixels. `long_text`: a compressed text that is longer than is read.
 */
export const LEFT_OUT = ["manifest", "long_text"] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

/** What is known of an image since something of it was stored; JSON in R2, under `infoKey`. */
export interface StoredInfo {
  /** Of the original, in px, as a viewer sees it. */
  width: number;
  height: number;
  /** Media type of the original, such as `image/jpeg`. */
  type: string;
  /** Of the original; null when its server did not say. */
  bytes: number | null;
  frames: number;
  /** Absent: nothing, or nothing is known. */
  leftOut?: readonly LeftOut[];
  /** The original's etag when it was looked at; null when its server gives none. */
  etag: string | null;
  /**
   * The site's own version token that an upload or a run announced last; null: none. `lqip`, `stored`, `others` and `sizes` are of this
   * version.
   */
  version: string | null;
  /** The ledger's number of that announcement; a later one has a higher number. Absent: nobody has announced a version. */
  announced?: number;
  /** The smallest variant as a data URL of some 120 characters; null until it is stored. */
  lqip: string | null;
  /** Widths in px, ascending, that are stored uncropped in the usual quality. */
  stored: Partial<Record<Format, number[]>>;
  /**
   * Names (`variantName`) of the other stored variants, the newest last, at most `OTHERS_MAX`: crops, other qualities, the full size. The
   * placeholder is not among them.
   */
  others: string[];
  /** Bytes of stored variants; only the consumer reads them, by `sizesOf`. */
  sizes?: unknown;
  /**
   * Bytes of stored variants of other versions, by the ends of their keys, such as `@2/640-high.webp`; the newest last, at most
   * `OTHERS_MAX`, and without placeholders. They stand in for URLs of their own version, and say nothing else of the image.
   */
  elsewhere?: Record<string, number>;
}

/** R2 metadata of what stands in a note's place once its image is removed. */
export const REMOVED_METADATA = { removed: "1" };

export function isRemovedNote({ customMetadata }: { customMetadata?: Record<string, string> | undefined }): boolean {
  return customMetadata?.removed !== undefined;
}

/** Chosen: some 25 bytes each, read by every miss. A recipe seldom has more crops and qualities. */
export const OTHERS_MAX = 64;

/** What `GET /info/<id>` answers. */
export interface ImageInfo {
  id: string;
  width: number;
  height: number;
  type: string;
  bytes: number | null;
  frames: number;
  lqip?: string;
  /** Stored in one format at least. */
  widths: number[];
  version: string | null;
}

export function publicInfo(id: string, info: StoredInfo): ImageInfo {
  const { width, height, type, bytes, frames, lqip, version } = info;
  const known = { id, width, height, type, bytes, frames, widths: widthsOf(info), version };
  return lqip === null ? known : { ...known, lqip };
}

/** In px, ascending, each once. */
export function widthsOf({ stored }: Pick<StoredInfo, "stored">): number[] {
  return [...new Set(Object.values(stored).flat())].toSorted((a, b) => a - b);
}

/** With these variants among the stored ones. The oldest of `others` leave when there are too many. */
export function withStored<I extends Pick<StoredInfo, "stored" | "others">>(info: I, added: readonly Transform[]): I {
  const stored = { ...info.stored };
  const others = new Set(info.others);
  for (const transform of added) {
    const { width, height, quality, format } = transform;
    if (width === null || height !== null || quality !== DEFAULT_QUALITY) others.add(variantName(transform));
    else stored[format] = [...new Set([...(stored[format] ?? []), width])].toSorted((a, b) => a - b);
  }
  return { ...info, stored, others: [...others].slice(-OTHERS_MAX) };
}

type Listed = Pick<StoredInfo, "version" | "stored" | "others" | "elsewhere">;

/** The stored variants that the note lists of a version, without the placeholder. */
export function storedVariants({ version, stored, others, elsewhere }: Listed, v: string | null): Transform[] {
  const isOwn = v === version;
  const uncropped = FORMATS.flatMap((format) =>
    ((isOwn && stored[format]) || []).map((width): Transform => {
      return { width, height: null, fit: null, pos: null, quality: DEFAULT_QUALITY, format };
    }),
  );
  // `others` are named without their version.
  const named = (isOwn ? others : Object.keys(Object(elsewhere))).flatMap((end) => {
    const parsed = parseVariantKey(`_/${end}`);
    return parsed !== null && parsed.v === (isOwn ? null : v) ? [parsed.transform] : [];
  });
  return [...uncropped, ...named];
}

/** Reads what `JSON.stringify` made of a StoredInfo; null when the text is none, which is as if nothing were known. */
export function parseInfo(text: string): StoredInfo | null {
  try {
    const value: Partial<StoredInfo> | null = JSON.parse(text);
    return value !== null && typeof value === "object" && isInfo(value) ? value : null;
  } catch {
    return null;
  }
}

function isInfo(value: Partial<StoredInfo>): value is StoredInfo {
  const { width, height, type, bytes, frames, etag, version, lqip, stored, others } = value;
  return (
    [width, height, frames].every((number) => isCount(number) && number > 0) &&
    typeof type === "string" &&
    (bytes === null || isCount(bytes)) &&
    [etag, version, lqip].every((text) => text === null || typeof text === "string") &&
    typeof stored === "object" &&
    stored !== null &&
    FORMATS.every((format) => stored[format] === undefined || isWidths(stored[format])) &&
    Array.isArray(others) &&
    others.every((name) => typeof name === "string")
  );
}

function isWidths(value: unknown): boolean {
  return Array.isArray(value) && value.every((width) => isCount(width) && width > 0);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
