import { orientationBlock, readOrientation } from "@prewarm/shared/exif";
import { bytesOf, concat, partCounter, type Stripped, textAt, viewOf } from "./bytes.ts";

const SIGNATURE_BYTES = 8;
/** Chunks that the picture and its colours are made of, an animation's among them. */
const KEPT = new Set(
  "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs hIST acTL fcTL fdAT".split(" "),
);
const NAMES: Record<string, string> = { eXIf: "Exif", iTXt: "text", tEXt: "text", zTXt: "text", tIME: "a time" };

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A chunk with its length and its checksum. */
export function pngChunk(name: string, data: Uint8Array): Uint8Array {
  const body = concat([bytesOf(name), data]);
  const chunk = concat([new Uint8Array(4), body, new Uint8Array(4)]);
  viewOf(chunk).setUint32(0, data.byteLength);
  viewOf(chunk).setUint32(4 + body.byteLength, crc32(body));
  return chunk;
}

/** Keeps the chunks that the picture is decoded from. */
export function stripPng(bytes: Uint8Array): Stripped {
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, SIGNATURE_BYTES)];
  const removed = new Set<string>();
  const countPart = partCounter();
  for (let at = SIGNATURE_BYTES; at + 12 <= bytes.length; ) {
    countPart();
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    const name = textAt(bytes, at + 4, 4);
    const chunk = bytes.subarray(at, end);
    if (KEPT.has(name)) kept.push(chunk);
    else {
      const orientation = name === "eXIf" ? readOrientation(chunk.subarray(8, -4)) : 1;
      const own = orientation === 1 ? null : pngChunk("eXIf", orientationBlock(orientation));
      if (own !== null) kept.push(own);
      if (own?.byteLength !== chunk.byteLength || !own.every((byte, n) => byte === chunk[n]))
        removed.add(NAMES[name] ?? `chunk ${name}`);
    }
    at = end;
    if (name !== "IEND") continue;
    if (at < bytes.length) removed.add("what stood behind the picture");
    return { ok: true, bytes: removed.size === 0 ? bytes : concat(kept), removed: [...removed] };
  }
  return { ok: false, message: "its png structure is damaged" };
}
