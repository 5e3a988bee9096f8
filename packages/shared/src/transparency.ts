import { ascii, sniffType } from "./image-header.ts";
import { viewOf } from "./image-header-raster.ts";

/** How AVIF and HEIC name an alpha plane: in a property of their `meta` box, which precedes the pixels. */
const ALPHA_PLANES = ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"];

/**
 * Whether a picture may have transparent parts, by its first bytes: its format's own word, so a picture with an alpha channel that is opaque
 * throughout counts too. `bytes`: as many as `readImageHeader` needed.
 */
export function mayBeTransparent(bytes: Uint8Array): boolean {
  switch (sniffType(bytes)) {
    case "png":
      return isPngTransparent(bytes);
    case "webp":
      return isWebpTransparent(bytes);
    case "gif":
      return isGifTransparent(bytes);
    case "avif":
    case "heic": {
      const text = new TextDecoder("latin1").decode(bytes);
      return ALPHA_PLANES.some((name) => text.includes(name));
    }
    default:
      return false;
  }
}

/** Colour types 4 and 6 have an alpha channel; the others a colour that is transparent (`tRNS`), before the pixels. */
function isPngTransparent(bytes: Uint8Array): boolean {
  if (((bytes[25] ?? 0) & 4) !== 0) return true;
  const view = viewOf(bytes);
  for (let at = 33; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = ascii(bytes, at + 4, at + 8);
    if (name === "tRNS") return true;
    if (name === "IDAT") return false;
  }
  return false;
}

/** The flag of the extended header, or the bit behind width and height of a lossless picture. */
function isWebpTransparent(bytes: Uint8Array): boolean {
  const kind = ascii(bytes, 12, 16);
  if (kind === "VP8X") return ((bytes[20] ?? 0) & 0x10) !== 0;
  return kind === "VP8L" && ((bytes[24] ?? 0) & 0x10) !== 0;
}

/** A graphic control block (21 F9 04) with the flag; it stands before the frame that it is of. */
function isGifTransparent(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0x21); at !== -1; at = bytes.indexOf(0x21, at + 1)) {
    const [, label, length, flags = 0] = bytes.subarray(at, at + 4);
    if (label === 0xf9 && length === 4 && (flags & 1) === 1) return true;
  }
  return false;
}
