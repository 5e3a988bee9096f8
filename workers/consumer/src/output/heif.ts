import { partCounter, textAt, viewOf } from "./strip/bytes.ts";

/*
 * AVIF and HEIC are made of boxes. Items (pictures and metadata) are described in one box of `meta`, and their bytes are found by a list of
 * places in another.
 */

export interface Box {
  name: string;
  /** Where the box, its payload, and what follows it begin. */
  at: number;
  from: number;
  to: number;
}

export interface Extent {
  from: number;
  to: number;
}

export class Refusal extends Error {}

/** Every step moves on by 8 bytes or more. `isStart`: the bytes are the start of a file, whose last box may be cut off; it is left out. */
export function boxesIn(bytes: Uint8Array, from: number, to: number, isStart = false): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  const countPart = partCounter();
  let at = from;
  while (at + 8 <= to) {
    countPart();
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 0 ? to - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (isStart && at + size > to) break;
    if (size < head || at + size > to) throw new Refusal("its avif boxes are damaged");
    boxes.push({ name: textAt(bytes, at + 4, 4), at, from: at + head, to: at + size });
    at += size;
  }
  return boxes;
}

export function find(boxes: readonly Box[], name: string): Box | undefined {
  return boxes.find((box) => box.name === name);
}

/** Reads numbers one after another. */
export class Reader {
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#view = viewOf(bytes);
    this.#at = at;
  }

  /** Of 0, 1, 2, 4 or 8 bytes. Throws a RangeError beyond the end. */
  next(length: number): number {
    let value = 0;
    for (let n = 0; n < length; n += 1) value = value * 256 + this.#view.getUint8(this.#at + n);
    this.#at += length;
    return value;
  }
}

/** Items by id, with their type: `Exif`, `mime` (XMP), `uri `, or a kind of picture. */
export function itemTypes(bytes: Uint8Array, iinf: Box): Map<number, string> {
  const version = bytes[iinf.from] ?? 0;
  const types = new Map<number, string>();
  for (const infe of boxesIn(bytes, iinf.from + 4 + (version === 0 ? 2 : 4), iinf.to)) {
    const reader = new Reader(bytes, infe.from);
    const form = reader.next(1);
    if (infe.name !== "infe" || form < 2) throw new Refusal("its avif items are described in an old form");
    reader.next(3);
    const id = reader.next(form === 2 ? 2 : 4);
    reader.next(2);
    types.set(id, String.fromCharCode(reader.next(1), reader.next(1), reader.next(1), reader.next(1)));
  }
  return types;
}

/** An item as the list of places (`iloc`) has it. */
export interface Place {
  id: number;
  /** Where its extents are: 0 in the file, 1 in `idat`, 2 in another item. */
  method: number;
  /** Of a file that the bytes are in; 0: this one. */
  source: number;
  extents: { offset: number; length: number }[];
}

/** Reads the list of places, item by item. An extent's offset includes the item's own. */
export function readPlaces(bytes: Uint8Array, iloc: Box): Place[] {
  const reader = new Reader(bytes, iloc.from);
  const version = reader.next(1);
  reader.next(3);
  const sizes = reader.next(2);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version === 0 ? 0 : sizes & 15;
  const places: Place[] = [];
  const countPart = partCounter();
  for (let items = reader.next(version < 2 ? 2 : 4); items > 0; items -= 1) {
    countPart();
    const id = reader.next(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : reader.next(2) & 15;
    const source = reader.next(2);
    const base = reader.next(baseBytes);
    const extents: Place["extents"] = [];
    for (let left = reader.next(2); left > 0; left -= 1) {
      countPart();
      reader.next(indexBytes);
      const offset = base + reader.next(offsetBytes);
      extents.push({ offset, length: reader.next(lengthBytes) });
    }
    places.push({ id, method, source, extents });
  }
  return places;
}

/** Where each item's bytes are. None: its place cannot be read, or is not within these bytes. */
export function itemExtents(bytes: Uint8Array, iloc: Box, idat: Box | undefined): Map<number, Extent[]> {
  return new Map(
    readPlaces(bytes, iloc).map(({ id, method, extents }) => {
      const base = method === 1 ? (idat?.from ?? Number.NaN) : 0;
      const own = extents.map(({ offset, length }) => ({ from: base + offset, to: base + offset + length }));
      const isPlaced = method < 2 && own.every(({ from, to }) => to > from && to <= bytes.length);
      return [id, isPlaced ? own : []];
    }),
  );
}
