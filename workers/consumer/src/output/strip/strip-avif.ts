import { type Box, boxesIn, type Extent, find, itemExtents, itemTypes, Refusal } from "../heif.ts";
import { bytesOf, type Stripped } from "./bytes.ts";

/*
 * AVIF is made of boxes, and the picture's parts are found by their places in the file (`iloc`). So nothing is moved: the bytes of metadata are
 * overwritten where they stand. Orientation is a property of its own (`irot`, `imir`) and stays.
 */

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
