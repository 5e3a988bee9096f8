import { readHeif } from "./image-header-heif.ts";
import { readJpeg } from "./image-header-jpeg.ts";
import { readGif, readPng, readWebp } from "./image-header-raster.ts";
import type { ImageHeader, ImageType } from "./image-header-type.ts";

/** Each byte as a character; for a few bytes. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

function sniffText(bytes: Uint8Array): "svg" | "html" | null {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb ? 3 : 0; // byte order mark
  const text = ascii(bytes, start, start + 1024)
    .trimStart()
    .toLowerCase();
  if (!text.startsWith("<")) return null;
  if (/<svg[\s>]/.test(text)) return "svg";
  if (/^<(!doctype html|html|head|body|!--)/.test(text)) return "html";
  return /^<\?xml/.test(text) && /<html[\s>]/.test(text) ? "html" : null;
}

function sniffHeif(bytes: Uint8Array): "avif" | "heic" | null {
  if (ascii(bytes, 4, 8) !== "ftyp") return null;
  const end = Math.min(bytes.length, ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
  const brands = [ascii(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(bytes, at, at + 4));
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return "avif";
  return brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) ? "heic" : null;
}

/** Reserved 0, kind 1 (icon) or 2 (cursor), and a small count of pictures; two zeros alone begin many other files. */
function isIcon(bytes: Uint8Array): boolean {
  const [a, b, kind, c, count = 0, d] = bytes;
  return bytes.length >= 22 && a === 0 && b === 0 && (kind === 1 || kind === 2) && c === 0 && count > 0 && d === 0;
}

/** What bytes are by their first few, or null. HTML is named because broken servers send it in place of images. */
export function sniffType(bytes: Uint8Array): ImageType | "html" | null {
  const head = ascii(bytes, 0, 12);
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return "webp";
  if (/^GIF8[79]a/.test(head)) return "gif";
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return "tiff";
  // A bare stream of JPEG XL, or one in boxes.
  if (/^(\xff\n|\0\0\0\fJXL )/.test(head)) return "jxl";
  if (
    head.startsWith("BM") &&
    bytes.length >= 18 &&
    bytes[6] === 0 &&
    bytes[7] === 0 &&
    bytes[8] === 0 &&
    bytes[9] === 0
  )
    return "bmp";
  if (isIcon(bytes)) return "ico";
  return sniffHeif(bytes) ?? sniffText(bytes);
}

/**
 * Type, size, frames and orientation from an image's first bytes, without decoding. Null when the bytes are none of these
 * types (HTML too), are malformed, or end before the size; then ask `sniffType` whether more bytes are worth reading.
 * Never throws and reads each byte a bounded number of times, whatever the bytes are.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const type = sniffType(bytes);
  switch (type) {
    case null:
    case "html":
      return null;
    case "jpeg":
      return readJpeg(bytes);
    case "png":
      return readPng(bytes);
    case "webp":
      return readWebp(bytes);
    case "gif":
      return readGif(bytes);
    case "avif":
    case "heic":
      return readHeif(bytes, type);
    default:
      return { type, width: 0, height: 0, frames: 1, orientation: 1, settled: true };
  }
}

/** The size a viewer sees: orientations 5 to 8 lie on their side. */
export function orientedSize(header: Pick<ImageHeader, "width" | "height" | "orientation">): {
  width: number;
  height: number;
} {
  const { width, height, orientation } = header;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
