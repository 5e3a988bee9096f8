const ORIENTATION = 0x0112;
const COPYRIGHT = 0x8298;

interface Entry {
  view: DataView;
  /** Where its 12 bytes begin. */
  at: number;
  little: boolean;
}

/** The entry of a tag in the first directory of a TIFF block (`II*\0…` or `MM\0*…`); null: absent or malformed. */
function entryOf(tiff: Uint8Array, tag: number): Entry | null {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (view.byteLength < 8) return null;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return null;
  const entries = view.getUint16(directory, little);
  for (let index = 0; index < entries; index += 1) {
    const at = directory + 2 + index * 12;
    if (at + 12 > view.byteLength) return null;
    if (view.getUint16(at, little) === tag) return { view, at, little };
  }
  return null;
}

/** EXIF orientation 1–8 from a TIFF block; 1 when it is absent or malformed. */
export function readOrientation(tiff: Uint8Array): number {
  const entry = entryOf(tiff, ORIENTATION);
  const value = entry?.view.getUint16(entry.at + 8, entry.little) ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The bytes of the photographer's copyright in a TIFF block, without the editor's that may follow; null when it is absent or malformed. */
export function readCopyright(tiff: Uint8Array): Uint8Array | null {
  const entry = entryOf(tiff, COPYRIGHT);
  if (entry === null) return null;
  const { view, at, little } = entry;
  const length = view.getUint32(at + 4, little);
  const from = length > 4 ? view.getUint32(at + 8, little) : at + 8;
  if (from + length > view.byteLength) return null;
  const text = tiff.subarray(from, from + length);
  const end = text.indexOf(0);
  return end === -1 ? text : text.subarray(0, end);
}

/** A TIFF block that says nothing but this orientation. */
export function orientationBlock(orientation: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint32(0, 0x49492a00); // little-endian TIFF
  view.setUint32(4, 8, true);
  view.setUint16(8, 1, true);
  view.setUint16(10, 0x0112, true);
  view.setUint16(12, 3, true); // a short
  view.setUint32(14, 1, true);
  view.setUint16(18, orientation, true);
  return new Uint8Array(view.buffer);
}
