import type { Config } from "@prewarm/shared/config";
import { extensionOf } from "@prewarm/shared/image-id";

/**
 * Extensions that are certainly no pictures. What is not listed may be one: ids are often names without any extension, and names have
 * dots (`photo.v2`). The consumer looks at the bytes before Ittybit is asked.
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
export function notAnImage(name: string, contentType: string | null, config: Config): string | null {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const extension = extensionOf(name);
  if (!VAGUE_TYPES.has(type) && !type.startsWith("image/")) return `no image: ${type.slice(0, 60)}`;
  if (type === "image/svg+xml" || type === "image/x-icon") return `passed through: ${type}`;
  if (extension === null) return null;
  if (config.passThrough.includes(extension)) return `passed through: .${extension}`;
  return type.startsWith("image/") || !OTHER_TYPES.has(extension) ? null : `no image: .${extension}`;
}
