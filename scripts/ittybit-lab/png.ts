import { inflateSync } from "node:zlib";

/** A picture's brightness, 0–255, row by row. */
export interface Luma {
  width: number;
  height: number;
  values: Float64Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Samples of a pixel by colour type: grey, RGB, grey and alpha, RGB and alpha. */
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 4: 2, 6: 4 };
const HEADER_BYTES = 25;

/** Reads a PNG of eight bits a sample, neither interlaced nor with a palette; null for any other. Alpha is not looked at. */
export function readLuma(png: Uint8Array): Luma | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (png.byteLength < 8 + HEADER_BYTES || SIGNATURE.some((byte, at) => png[at] !== byte)) return null;
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const samples = SAMPLES[view.getUint8(25)];
  if (view.getUint8(24) !== 8 || samples === undefined || view.getUint8(28) !== 0) return null;
  const rows = unfiltered(inflateSync(dataOf(png, view)), width * samples, samples, height);
  const values = new Float64Array(width * height);
  for (let pixel = 0; pixel < values.length; pixel += 1) {
    const [first = 0, second = 0, third = 0] = rows.subarray(pixel * samples, pixel * samples + 3);
    values[pixel] = samples < 3 ? first : 0.299 * first + 0.587 * second + 0.114 * third;
  }
  return { width, height, values };
}

function dataOf(png: Uint8Array, view: DataView): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = SIGNATURE.length; at + 8 <= png.byteLength; ) {
    const length = view.getUint32(at);
    if (String.fromCharCode(...png.subarray(at + 4, at + 8)) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return Buffer.concat(parts);
}

/** Each row begins with the filter by which it was written (PNG specification, 9). `behind`: bytes to the pixel on the left. */
function unfiltered(data: Uint8Array, rowBytes: number, behind: number, height: number): Uint8Array {
  const out = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (rowBytes + 1)] ?? 0;
    for (let x = 0; x < rowBytes; x += 1) {
      const at = y * rowBytes + x;
      const left = x < behind ? 0 : (out[at - behind] ?? 0);
      const up = y === 0 ? 0 : (out[at - rowBytes] ?? 0);
      const corner = x < behind || y === 0 ? 0 : (out[at - rowBytes - behind] ?? 0);
      out[at] = (data[y * (rowBytes + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
