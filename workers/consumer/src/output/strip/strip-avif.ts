import { bytesOf, partCounter, type Stripped, textAt, viewOf } from "./bytes.ts";

/*
 * AVIF is made of boxes, and the picture's parts are found by their places in the file (`iloc`). So nothing is moved: the bytes of metadata are
 * overwritten where they stand. Orientation is a property of its own (`irot`, `imir`) and stays.
 */

interface Box {
  name: string;
  /** Where the box, its payload, and what follows it begin. */
  at: number;
  from: number;
  to: number;
}

interface Extent {
  from: number;
  to: number;
}

class Refusal extends Error {}

/** Every step moves on by 8 bytes or more. */
function boxesIn(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  const countPart = partCounter();
  let at = from;
  while (at + 8 <= to) {
    countPart();
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 0 ? to - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < head || at + size > to) throw new Refusal("its avif boxes are damaged");
    boxes.push({ name: textAt(bytes, at + 4, 4), at, from: at + head, to: at + size });
    at += size;
  }
  return boxes;
}

function find(boxes: readonly Box[], name: string): Box | undefined {
  return boxes.find((box) => box.name === name);
}

/** Reads numbers one after another. */
class Reader {
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
function itemTypes(bytes: Uint8Array, iinf: Box): Map<number, string> {
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

/** Where each item's bytes are. */
function itemExtents(bytes: Uint8Array, iloc: Box, idat: Box | undefined): Map<number, Extent[]> {
  const reader = new Reader(bytes, iloc.from);
  const version = reader.next(1);
  reader.next(3);
  const sizes = reader.next(2);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version === 0 ? 0 : sizes & 15;
  const found = new Map<number, Extent[]>();
  const countPart = partCounter();
  for (let items = reader.next(version < 2 ? 2 : 4); items > 0; items -= 1) {
    const id = reader.next(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : reader.next(2) & 15;
    reader.next(2);
    const base = reader.next(baseBytes) + (method === 1 ? (idat?.from ?? Number.NaN) : 0);
    const extents: Extent[] = [];
    for (let left = reader.next(2); left > 0; left -= 1) {
      countPart();
      reader.next(indexBytes);
      const from = base + reader.next(offsetBytes);
      const length = reader.next(lengthBytes);
      extents.push({ from, to: from + length });
    }
    const isPlaced = method < 2 && extents.every(({ from, to }) => to > from && to <= bytes.length);
    found.set(id, isPlaced ? extents : []);
  }
  return found;
}

/** `Exif` as a file without any has it: no offset, and a TIFF header with an empty directory. Decoders read it, and some refuse zeros. */
const EMPTY_EXIF = bytesOf("\0\0\0\0II*\0\x08\0\0\0\0\0\0\0\0\0");

/** True when the item said something. */
function overwrite(bytes: Uint8Array, type: string, extents: readonly Extent[]): boolean {
  const before = extents.map(({ from, to }) => bytes.slice(from, to));
  // XMP is text, and blanks are none.
  for (const { from, to } of extents) bytes.fill(type === "mime" ? 0x20 : 0, from, to);
  const [first] = extents;
  if (type === "Exif" && first !== undefined && first.to - first.from >= EMPTY_EXIF.byteLength)
    bytes.set(EMPTY_EXIF, first.from);
  return extents.some(({ from }, n) => before[n]?.some((byte, at) => byte !== bytes[from + at]));
}

const METADATA: Record<string, string> = { Exif: "Exif", mime: "XMP", "uri ": "a document" };

/** Overwrites the items that are no part of the picture. */
function stripItems(bytes: Uint8Array, inner: readonly Box[], removed: Set<string>): void {
  const [iinf, iloc] = [find(inner, "iinf"), find(inner, "iloc")];
  if (iinf === undefined || iloc === undefined) throw new Refusal("its avif items are not listed");
  const types = itemTypes(bytes, iinf);
  const extents = itemExtents(bytes, iloc, find(inner, "idat"));
  const pictures = [...extents].flatMap(([id, own]) => ((types.get(id) ?? "Exif") in METADATA ? [] : own));
  for (const [id, type] of types) {
    const name = METADATA[type];
    if (name === undefined) continue;
    const own = extents.get(id) ?? [];
    const overlaps = own.some(({ from, to }) => pictures.some((one) => from < one.to && one.from < to));
    if (own.length === 0 || overlaps) throw new Refusal(`its avif item with ${name} cannot be told from the picture`);
    if (overwrite(bytes, type, own)) removed.add(name);
  }
}

/** Boxes that hold anything: they are emptied, and become `free`, which readers skip. */
const ANYTHING = new Set(["uuid", "udta", "free", "skip"]);

function stripBoxes(bytes: Uint8Array, boxes: readonly Box[], removed: Set<string>): void {
  for (const { name, at, from, to } of boxes) {
    if (!ANYTHING.has(name) || !bytes.subarray(from, to).some((byte) => byte !== 0)) continue;
    bytes.fill(0, from, to);
    bytes.set(bytesOf("free"), at + 4);
    removed.add(`box ${name}`);
  }
}

/** A description by the user, as a property of a picture: four texts, which may be empty. */
function stripDescriptions(bytes: Uint8Array, inner: readonly Box[], removed: Set<string>): void {
  const iprp = find(inner, "iprp");
  const ipco = iprp && find(boxesIn(bytes, iprp.from, iprp.to), "ipco");
  for (const box of ipco === undefined ? [] : boxesIn(bytes, ipco.from, ipco.to)) {
    if (box.name !== "udes" || !bytes.subarray(box.from, box.to).some((byte) => byte !== 0)) continue;
    bytes.fill(0, box.from, box.to);
    removed.add("a description");
  }
}

/** Overwrites what is not the picture. */
export function stripAvif(bytes: Uint8Array): Stripped {
  const removed = new Set<string>();
  const own = bytes.slice();
  try {
    const top = boxesIn(own, 0, own.length);
    if (find(top, "moov") !== undefined) throw new Refusal("it is an avif sequence");
    const meta = find(top, "meta");
    if (meta === undefined) throw new Refusal("its avif items are not listed");
    const inner = boxesIn(own, meta.from + 4, meta.to);
    stripItems(own, inner, removed);
    stripDescriptions(own, inner, removed);
    stripBoxes(own, [...top, ...inner], removed);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, message: error.message };
    throw error;
  }
  return { ok: true, bytes: removed.size === 0 ? bytes : own, removed: [...removed] };
}
