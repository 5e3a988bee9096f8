import { readOrientation } from "./exif.ts";
import type { ImageHeader } from "./image-header-type.ts";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fourCc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** IHDR comes first; acTL (animation) must stand before the first IDAT, so `settled` means that was reached. */
export function readPng(bytes: Uint8Array): ImageHeader | null {
  if (bytes.length < 33 || fourCc(bytes, 12) !== "IHDR") return null;
  const view = viewOf(bytes);
  const header: ImageHeader = {
    type: "png",
    width: view.getUint32(16),
    height: view.getUint32(20),
    frames: 1,
    orientation: 1,
    settled: false,
  };
  if (header.width === 0 || header.height === 0) return null;
  for (let at = 33; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = fourCc(bytes, at + 4);
    if (name === "IDAT" || name === "IEND") return { ...header, settled: true };
    if (name === "acTL") {
      if (at + 12 > bytes.length) return header;
      // An acTL of one frame is a still.
      header.frames = Math.max(1, view.getUint32(at + 8));
    }
    if (name === "eXIf") header.orientation = readOrientation(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return header;
}

function readExtendedWebp(bytes: Uint8Array, view: DataView): ImageHeader | null {
  if (bytes.length < 30) return null;
  const animated = (view.getUint8(20) & 0x02) !== 0;
  const hasExif = (view.getUint8(20) & 0x08) !== 0;
  const header: ImageHeader = {
    type: "webp",
    width: 1 + (view.getUint16(24, true) | (view.getUint8(26) << 16)),
    height: 1 + (view.getUint16(27, true) | (view.getUint8(29) << 16)),
    frames: 1,
    orientation: 1,
    settled: true,
  };
  let frames = 0;
  let exif: number | null = null;
  for (let at = 30; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const name = fourCc(bytes, at);
    if (name === "ANMF") frames += 1;
    if (name === "EXIF" && at + 8 + length <= bytes.length)
      exif = readOrientation(skipExifPrefix(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length + (length & 1);
  }
  header.frames = animated ? Math.max(2, frames) : 1;
  header.orientation = exif ?? 1;
  // EXIF stands at the file's end, behind the pixels.
  header.settled = !hasExif || exif !== null || bytes.length >= view.getUint32(4, true) + 8;
  return header;
}

function skipExifPrefix(block: Uint8Array): Uint8Array {
  return fourCc(block, 0) === "Exif" ? block.subarray(6) : block;
}

export function readWebp(bytes: Uint8Array): ImageHeader | null {
  if (bytes.length < 25) return null;
  const view = viewOf(bytes);
  const still = { type: "webp" as const, frames: 1, orientation: 1, settled: true };
  switch (fourCc(bytes, 12)) {
    case "VP8X":
      return readExtendedWebp(bytes, view);
    case "VP8L": {
      if (view.getUint8(20) !== 0x2f) return null;
      const packed = view.getUint32(21, true);
      return { ...still, width: 1 + (packed & 0x3fff), height: 1 + ((packed >>> 14) & 0x3fff) };
    }
    case "VP8 ": {
      const keyFrame = bytes.length >= 30 && fourCc(bytes, 23).startsWith("\x9d\x01\x2a");
      if (!keyFrame) return null;
      const width = view.getUint16(26, true) & 0x3fff;
      const height = view.getUint16(28, true) & 0x3fff;
      return width === 0 || height === 0 ? null : { ...still, width, height };
    }
    default:
      return null;
  }
}

/** The end of a chain of sub-blocks (length byte, data, …, 0), or null when the bytes end first. */
function skipSubBlocks(bytes: Uint8Array, start: number): number | null {
  for (let at = start; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    at += 1 + length;
    if (length === 0) return at;
  }
  return null;
}

function colourTableBytes(packed: number): number {
  return (packed & 0x80) === 0 ? 0 : 3 << ((packed & 0x07) + 1);
}

/** The block after the one at `at`, whether it was a frame, or null at the trailer, at the end of the bytes, or when it is malformed. */
function nextGifBlock(bytes: Uint8Array, at: number): { at: number; frame: boolean; loop: boolean } | null {
  if (bytes[at] === 0x21) {
    const end = skipSubBlocks(bytes, at + 2);
    const loop = bytes[at + 1] === 0xff && fourCc(bytes, at + 3) === "NETS";
    return end === null ? null : { at: end, frame: false, loop };
  }
  if (bytes[at] !== 0x2c || at + 10 >= bytes.length) return null;
  const end = skipSubBlocks(bytes, at + 11 + colourTableBytes(bytes[at + 9] ?? 0));
  return { at: end ?? bytes.length, frame: true, loop: false };
}

/** Counts frames as far as the bytes go. A loop extension alone already says that more than one is meant. */
export function readGif(bytes: Uint8Array): ImageHeader | null {
  if (bytes.length < 13) return null;
  const view = viewOf(bytes);
  const width = view.getUint16(6, true);
  const height = view.getUint16(8, true);
  let at = 13 + colourTableBytes(view.getUint8(10));
  let frames = 0;
  let loop = false;
  for (let block = nextGifBlock(bytes, at); block !== null; block = nextGifBlock(bytes, at)) {
    at = block.at;
    if (block.frame) frames += 1;
    loop ||= block.loop;
  }
  const ended = bytes[at] === 0x3b;
  const counted = loop && !ended ? Math.max(2, frames) : Math.max(1, frames);
  return { type: "gif", width, height, frames: counted, orientation: 1, settled: ended || counted > 1 };
}
