import type { Format } from "@prewarm/shared/config";
import { readImageHeader } from "@prewarm/shared/image-header";
import { mayBeTransparent } from "@prewarm/shared/transparency";
import { Refusal } from "../heif.ts";
import { bytesOf, concat, viewOf } from "../strip/bytes.ts";
import { pngChunk } from "../strip/strip-png.ts";
import { HAS_XMP, HEADER_BYTES, webpChunk } from "../strip/strip-webp.ts";
import { addToAvif } from "./add-to-avif.ts";
import type { Labels } from "./labels.ts";
import { writeXmp } from "./write-xmp.ts";

/** Behind JFIF and Exif, which readers expect to come first. */
function addToJpeg(bytes: Uint8Array, xmp: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  let at = 2;
  while (view.getUint16(at) === 0xffe0 || view.getUint16(at) === 0xffe1) at += 2 + view.getUint16(at + 2);
  const content = concat([bytesOf("http://ns.adobe.com/xap/1.0/\0"), xmp]);
  const length = 2 + content.byteLength;
  const head = Uint8Array.of(0xff, 0xe1, length >> 8, length & 0xff);
  return concat([bytes.subarray(0, at), head, content, bytes.subarray(at)]);
}

/** The signature and the first chunk, which tells the size. */
const PNG_START = 33;

/** Before the pixels, so that a reader of a file's start finds it. */
function addToPng(bytes: Uint8Array, xmp: Uint8Array): Uint8Array {
  // Two flags, language and translated keyword are empty.
  const chunk = pngChunk("iTXt", concat([bytesOf("XML:com.adobe.xmp\0\0\0\0\0"), xmp]));
  return concat([bytes.subarray(0, PNG_START), chunk, bytes.subarray(PNG_START)]);
}

const WEBP_ALPHA = 0x10;

/** The extended header of a WebP that has none: flags, three bytes that are reserved, and width and height less one. */
function extendedHeader(bytes: Uint8Array): Uint8Array {
  const { width, height } = readImageHeader(bytes) ?? { width: 0, height: 0 };
  if (width === 0 || height === 0) throw new RangeError("the size cannot be read");
  const payload = new Uint8Array(10);
  const view = viewOf(payload);
  payload[0] = mayBeTransparent(bytes) ? WEBP_ALPHA : 0;
  view.setUint32(4, width - 1, true);
  view.setUint16(7, height - 1, true);
  return webpChunk("VP8X", payload);
}

function addToWebp(bytes: Uint8Array, xmp: Uint8Array): Uint8Array {
  const isExtended = String.fromCharCode(...bytes.subarray(HEADER_BYTES, HEADER_BYTES + 4)) === "VP8X";
  const head = isExtended ? new Uint8Array(0) : extendedHeader(bytes);
  const chunks = bytes.subarray(HEADER_BYTES, 8 + viewOf(bytes).getUint32(4, true));
  // The last chunk's padding may be missing.
  const padding = new Uint8Array(chunks.byteLength & 1);
  const file = concat([bytes.subarray(0, HEADER_BYTES), head, chunks, padding, webpChunk("XMP ", xmp)]);
  const view = viewOf(file);
  view.setUint32(4, file.byteLength - 8, true);
  view.setUint8(HEADER_BYTES + 8, view.getUint8(HEADER_BYTES + 8) | HAS_XMP);
  return file;
}

const ADD: Record<Format, (bytes: Uint8Array, xmp: Uint8Array) => Uint8Array> = {
  jpeg: addToJpeg,
  png: addToPng,
  webp: addToWebp,
  avif: addToAvif,
};

/**
 * A variant with labels. `bytes`: a whole picture of this format without metadata, as `stripMetadata` leaves it; no pixel
 * changes. The same array comes back where its structure leaves no place for labels. Never throws.
 */
export function addLabels(bytes: Uint8Array, format: Format, labels: Labels): Uint8Array {
  try {
    return ADD[format](bytes, new TextEncoder().encode(writeXmp(labels)));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof Refusal)) throw error;
    return bytes;
  }
}
