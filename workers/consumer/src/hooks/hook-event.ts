import type { ApiErrorCode } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { FOCAL_FORM, type Focal, readFocal } from "@prewarm/shared/focal";
import { checkId, extensionOf } from "@prewarm/shared/image-id";
import { VERSION_PATTERN } from "@prewarm/shared/parameter-values";
import { idFromKey } from "@prewarm/shared/source";

/** What one event of an upload system means to us. */
export type HookEvent =
  | {
      kind: "upload";
      id: string;
      v: string | null;
      /** The original's version, kept as metadata; another one than before makes the variants anew. */
      sourceEtag: string | null;
      /** Grows with every change of the original, as text that compares; null: unknown. */
      order: string | null;
      /** Null: the hook's own. */
      recipe: string | null;
      /** What its crops are to show; null: their centre. Undefined: the sender does not say. */
      focal: Focal | null | undefined;
    }
  | { kind: "delete"; id: string; order: string | null }
  /** Valid, but nothing to do: test events, other types of file, our own variants. */
  | { kind: "ignored"; reason: string }
  /** About an image, but not usable. */
  | { kind: "rejected"; code: ApiErrorCode; message: string };

/** A change of one original, as a mapper read it. What the sender does not tell is null. */
export interface HookChange {
  kind: "upload" | "delete";
  /** The image's id, where the sender knows it; else the configuration makes one of the original's key. */
  id: string | null;
  key: string | null;
  /** The bucket that holds the key. */
  bucket?: string;
  v: string | null;
  etag: string | null;
  order: string | null;
  contentType: string | null;
  recipe: string | null;
  /** As the sender writes it. */
  focal?: unknown;
}

const ETAG_MAX_CHARS = 256;

/** Turns a change into an event about an image. These rules hold for every mapper. */
export function toEvent(change: HookChange, config: Config): HookEvent {
  const { kind, key, v, etag, order, recipe } = change;
  const name = change.id ?? key;
  if (name === null)
    return rejected("body_invalid", "The item has neither the id nor the key that the hook looks for.");
  const other = notAnImage(name, change.contentType, config);
  if (other !== null) return { kind: "ignored", reason: other };
  const id = change.id ?? idFromKey(config, name, change.bucket);
  if (id === null) return rejected("source_unknown", "No configured source holds this key, or it is no image id.");
  const fault = idFault(id);
  if (fault !== null) return rejected("id_invalid", fault);
  if (kind === "delete") return { kind, id, order };
  if (v !== null && !VERSION_PATTERN.test(v)) return rejected("body_invalid", "v: 1 to 64 letters, digits, - and _.");
  if (etag !== null && (etag === "" || etag.length > ETAG_MAX_CHARS))
    return rejected("body_invalid", `sourceEtag: 1 to ${ETAG_MAX_CHARS} characters.`);
  const focal = change.focal == null ? change.focal : readFocal(change.focal);
  if (focal === null && change.focal !== null) return rejected("body_invalid", `focal: ${FOCAL_FORM}.`);
  return { kind, id, v, sourceEtag: etag, order, recipe, focal };
}

function idFault(id: string): string | null {
  try {
    checkId(id);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

export function rejected(code: ApiErrorCode, message: string): HookEvent {
  return { kind: "rejected", code, message };
}

/**
 * Extensions that are certainly no pictures. What is not listed may be one: ids are often names without any extension, and names have
 * dots (`photo.v2`). The consumer looks at the bytes before the engine is asked.
 */
const OTHER_TYPES = new Set(
  (
    "7z aac aiff avi bin bz2 c cfg conf css csv db deb dll dmg doc docx eot epub exe flac flv gz htm html iso jar java js json jsonl key log " +
    "m3u8 m4a m4v map md mjs mkv mov mp2 mp3 mp4 mpeg mpg msi ndjson odp ods odt ogg ogv opus otf parquet pdf pem php pl pps ppt pptx ps1 py " +
    "rar rb rpm rtf sh sql sqlite srt sys tar tgz toml ts tsv ttf txt vtt wasm wav weba webm webmanifest wma wmv woff woff2 xls xlsx xml xz yaml yml zip zst"
  ).split(" "),
);
/** Content types that say nothing. */
const VAGUE_TYPES = new Set(["", "application/octet-stream", "binary/octet-stream", "application/x-directory"]);

/** Why an original is not warmed, or null when it may be a picture. */
function notAnImage(name: string, contentType: string | null, config: Config): string | null {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const extension = extensionOf(name);
  if (!VAGUE_TYPES.has(type) && !type.startsWith("image/")) return `no image: ${type.slice(0, 60)}`;
  if (type === "image/svg+xml" || type === "image/x-icon") return `passed through: ${type}`;
  if (extension === null) return null;
  if (config.passThrough.includes(extension)) return `passed through: .${extension}`;
  return type.startsWith("image/") || !OTHER_TYPES.has(extension) ? null : `no image: .${extension}`;
}

/** Wide enough for an S3 sequencer and for any number of 64 bits. */
const ORDER_WIDTH = 48;

/** Something that grows, as text that compares like it: numbers and hexadecimal padded, dates as milliseconds. Null when there is nothing. */
export function orderText(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? pad(String(Math.floor(value))) : null;
  if (typeof value !== "string" || value === "" || value.length > 200) return null;
  if (/^[0-9a-f]+$/i.test(value) && value.length <= ORDER_WIDTH) return pad(value.toLowerCase());
  const time = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? value : pad(String(time));
}

function pad(text: string): string {
  return text.padStart(ORDER_WIDTH, "0");
}
