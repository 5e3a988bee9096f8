/** Small tools for the structure of picture files. */

/** Bytes without metadata, and what was taken out; or why it cannot be. */
export type Stripped = { ok: true; bytes: Uint8Array; removed: string[] } | { ok: false; message: string };

/** Chunks, segments, boxes and places of a picture. A PNG of 25 MB, the largest result, has some 3,000 at 8 kB each; every one costs time. Chosen. */
const PARTS_MAX = 10_000;

/** Counts the parts of one file. Throws a RangeError beyond PARTS_MAX. */
export function partCounter(): () => void {
  let parts = 0;
  return () => {
    parts += 1;
    if (parts > PARTS_MAX) throw new RangeError("more parts than a picture has");
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function textAt(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
