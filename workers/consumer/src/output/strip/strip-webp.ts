import { orientationBlock, readOrientation } from "@prewarm/shared/exif";
import { bytesOf, concat, partCounter, type Stripped, textAt, viewOf } from "./bytes.ts";

export const HEADER_BYTES = 12;
const KEPT = new Set(["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]);
const NAMES: Record<string, string> = { EXIF: "Exif", "XMP ": "XMP" };
/** Of VP8X: which other chunks the file has. */
export const HAS_EXIF = 0x08;
export const HAS_XMP = 0x04;

/** A chunk with its length, padded to an even one. */
export function webpChunk(name: string, payload: Uint8Array): Uint8Array {
  const chunk = concat([bytesOf(name), new Uint8Array(4), payload, new Uint8Array(payload.byteLength & 1)]);
  viewOf(chunk).setUint32(4, payload.byteLength, true);
  return chunk;
}

/** Some writers put JPEG's prefix before the block. */
function orientationIn(payload: Uint8Array): number {
  return readOrientation(textAt(payload, 0, 4) === "Exif" ? payload.subarray(6) : payload);
}

function webpOf(chunks: readonly Uint8Array[], orientation: number): Uint8Array {
  const turned = orientation === 1 ? [] : [webpChunk("EXIF", orientationBlock(orientation))];
  const file = concat([bytesOf("RIFF"), new Uint8Array(4), bytesOf("WEBP"), ...chunks, ...turned]);
  viewOf(file).setUint32(4, file.byteLength - 8, true);
  const isExtended = textAt(file, HEADER_BYTES, 4) === "VP8X";
  if (isExtended) {
    const flags = (file[HEADER_BYTES + 8] ?? 0) & ~(HAS_EXIF | HAS_XMP);
    file[HEADER_BYTES + 8] = orientation === 1 ? flags : flags | HAS_EXIF;
  }
  return file;
}

/** Keeps the chunks that the picture is decoded from. */
export function stripWebp(bytes: Uint8Array): Stripped {
  const view = viewOf(bytes);
  const end = Math.min(bytes.length, 8 + view.getUint32(4, true));
  const kept: Uint8Array[] = [];
  const removed = new Set<string>();
  let orientation: number | null = null;
  const countPart = partCounter();
  let at = HEADER_BYTES;
  while (at + 8 <= end) {
    countPart();
    const name = textAt(bytes, at, 4);
    const length = view.getUint32(at + 4, true);
    // The last chunk's padding may be missing.
    const next = Math.min(at + 8 + length + (length & 1), bytes.length);
    if (at + 8 + length > end) break;
    const chunk = bytes.subarray(at, next);
    if (KEPT.has(name)) kept.push(chunk);
    else {
      const payload = chunk.subarray(8, 8 + length);
      const own = orientationBlock(name === "EXIF" ? orientationIn(payload) : 1);
      if (name === "EXIF") orientation ??= orientationIn(payload);
      const isOwn =
        name === "EXIF" && payload.byteLength === own.byteLength && own.every((byte, n) => byte === payload[n]);
      if (!isOwn) removed.add(NAMES[name] ?? `chunk ${name}`);
    }
    at = next;
  }
  if (at < end || kept.length === 0) return { ok: false, message: "its webp structure is damaged" };
  if (removed.size === 0) return { ok: true, bytes, removed: [] };
  return { ok: true, bytes: webpOf(kept, orientation ?? 1), removed: [...removed] };
}
