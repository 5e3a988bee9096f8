import type { Format } from "@prewarm/shared/config";
import type { Stripped } from "./bytes.ts";
import { stripAvif } from "./strip-avif.ts";
import { stripJpeg } from "./strip-jpeg.ts";
import { stripPng } from "./strip-png.ts";
import { stripWebp } from "./strip-webp.ts";

const STRIP: Record<Format, (bytes: Uint8Array) => Stripped> = {
  jpeg: stripJpeg,
  png: stripPng,
  webp: stripWebp,
  avif: stripAvif,
};

/**
 * Takes the metadata out of a result: Exif with its position and author, XMP, IPTC, comments, embedded thumbnails and what stands behind the
 * picture. Parts that the picture needs are kept whole, also where a hostile host has hidden bytes in them. No pixel changes. Colour profiles stay, and so does an orientation, for without them the picture would look
 * different. The same array comes back when there is nothing to take out. Never throws.
 */
export function stripMetadata(bytes: Uint8Array, format: Format): Stripped {
  try {
    return STRIP[format](bytes);
  } catch (error) {
    // Damaged lengths lead outside of the bytes.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, message: `its ${format} structure is damaged` };
  }
}
