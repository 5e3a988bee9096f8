import type { Fit, Format } from "@prewarm/shared/config";
import { ascii, orientedSize, readImageHeader, sniffType } from "@prewarm/shared/image-header";
import type { Size } from "./expected-size.ts";

/** What a result must be. */
export interface Expected {
  format: Format;
  /** Null when the original's size is not known: then only the asked sides are checked. */
  size: Size | null;
  /** The sides asked for, before the original's size was known. */
  asked: { width: number | null; height: number | null };
  fit: Fit | null;
}

export type Verdict =
  | { ok: true; size: Size }
  /** `isPicture`: a whole picture, but another than was asked for. Else the bytes are none, or not all: the next fetch may bring them. */
  | { ok: false; isPicture: boolean; message: string };

/** Encoders round halves either way. */
const TOLERANCE_PX = 1;

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE_PX;
}

/** Top-level boxes must fill the file exactly, pixels (`mdat`) among them. */
function boxesFill(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let pixels = false;
  while (at + 8 <= bytes.length) {
    let size = view.getUint32(at);
    pixels ||= ascii(bytes, at + 4, at + 8) === "mdat";
    if (size === 0) return pixels; // to the end, wherever that is
    if (size === 1) size = at + 16 <= bytes.length ? Number(view.getBigUint64(at + 8)) : 0;
    if (size < 8) return false;
    at += size;
  }
  return pixels && at === bytes.length;
}

/** Whether the file ends where its format says it does. A body without a declared length has no other proof of that. */
function isWhole(bytes: Uint8Array, format: Format): boolean {
  const end = bytes.length;
  switch (format) {
    case "jpeg":
      return bytes.subarray(-32).some((byte, at, tail) => byte === 0xff && tail[at + 1] === 0xd9);
    case "png":
      return ascii(bytes, end - 8, end - 4) === "IEND";
    case "webp": {
      const declared = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true) + 8;
      return declared === end || declared === end + 1;
    }
    case "avif":
      return boxesFill(bytes);
    default:
      return format satisfies never;
  }
}

function sizeFault(size: Size, expected: Expected): string | null {
  const { width, height } = expected.asked;
  const shown = `${size.width} × ${size.height}`;
  if (expected.size === null) {
    const tooWide = width !== null && size.width > width + TOLERANCE_PX;
    const tooHigh = height !== null && size.height > height + TOLERANCE_PX;
    return tooWide || tooHigh ? `it is ${shown}, larger than asked` : null;
  }
  const want = expected.size;
  if (near(size.width, want.width) && near(size.height, want.height)) return null;
  // An engine may pad `contain` to the box, or fit the picture into it: both are right.
  const inside = size.width <= want.width + TOLERANCE_PX && size.height <= want.height + TOLERANCE_PX;
  const touches = near(size.width, want.width) || near(size.height, want.height);
  if (expected.fit === "contain" && inside && touches) return null;
  return `it is ${shown}, not ${want.width} × ${want.height}`;
}

function notAll(message: string): Verdict {
  return { ok: false, isPicture: false, message };
}

function another(message: string): Verdict {
  return { ok: false, isPicture: true, message };
}

/** Judges a result by its bytes: format, wholeness, dimensions. What a server says about them counts for nothing. */
export function verifyOutput(bytes: Uint8Array, expected: Expected): Verdict {
  if (bytes.byteLength === 0) return notAll("it is empty");
  const type = sniffType(bytes);
  const header = readImageHeader(bytes);
  const isPicture = header !== null && header.width > 0;
  if (type !== expected.format) {
    const message = `it is ${type ?? "not an image"}, not ${expected.format}`;
    return isPicture ? another(message) : notAll(message);
  }
  if (!isPicture) return notAll(`its ${type} header is damaged`);
  if (!isWhole(bytes, expected.format)) return notAll(`its ${type} data is cut off`);
  const size = orientedSize(header);
  const fault = sizeFault(size, expected);
  return fault === null ? { ok: true, size } : another(fault);
}
