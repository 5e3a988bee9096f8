import { readOrientation } from "./exif.ts";
import type { ImageHeader } from "./image-header-type.ts";

const SOI = 0xd8;
const SOS = 0xda;
const EOI = 0xd9;
const APP1 = 0xe1;
const EXIF = "Exif\0\0";

/** Baseline, progressive, lossless, arithmetic: every start of frame but DHT, JPG and DAC, which share its range. */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Markers that stand alone, without a length. */
function isBare(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= SOI);
}

function isExif(bytes: Uint8Array, at: number): boolean {
  return String.fromCharCode(...bytes.subarray(at, at + EXIF.length)) === EXIF;
}

/** Walks the segments up to the start of frame; EXIF stands before it. Null when the bytes end first or are malformed. */
export function readJpeg(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: number | null = null;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff || isBare(marker)) {
      at += marker === 0xff ? 1 : 2; // fill bytes may stand before any marker
      continue;
    }
    if (marker === SOS || marker === EOI || marker === 0) return null;
    const length = view.getUint16(at + 2);
    if (length < 2) return null;
    if (isStartOfFrame(marker)) {
      if (length < 8 || at + 9 > bytes.length) return null;
      const height = view.getUint16(at + 5);
      const width = view.getUint16(at + 7);
      if (width === 0) return null;
      return { type: "jpeg", width, height, frames: 1, orientation: orientation ?? 1, settled: true };
    }
    if (marker === APP1 && orientation === null && isExif(bytes, at + 4)) {
      orientation = readOrientation(bytes.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
  return null;
}
