import { type Box, boxesIn, find, itemTypes, type Place, Reader, Refusal, readPlaces } from "../heif.ts";
import { bytesOf, concat } from "../strip/bytes.ts";

/*
 * XMP is an item: described in `iinf`, said to be of the picture in `iref`, and placed by `iloc`. Its bytes follow `meta` in a box of their
 * own, so all that stands behind `meta` moves, and every place there is moved along.
 */

const ITEM_TYPE = "mime";
const CONTENT_TYPE = "application/rdf+xml";
/** Ids and offsets of two and four bytes are what writers of AVIF use; a result has 25 MB at most. */
const ID_MAX = 0xffff;

/** A number of `length` bytes, the first one the highest. */
function number(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => Math.floor(value / 256 ** (length - 1 - n)) & 0xff);
}

function box(name: string, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 8);
  return concat([number(length, 4), bytesOf(name), ...parts]);
}

/** `iloc` in its second form, with offsets and lengths of four bytes. */
function placesBox(places: readonly Place[]): Uint8Array {
  const items = places.map(({ id, method, source, extents }) =>
    concat([
      ...[number(id, 2), number(method, 2), number(source, 2), number(extents.length, 2)],
      ...extents.flatMap(({ offset, length }) => [number(offset, 4), number(length, 4)]),
    ]),
  );
  return box("iloc", number(1, 1), number(0, 3), number(0x4400, 2), number(items.length, 2), ...items);
}

/** The list of items with one more. */
function itemsBox(bytes: Uint8Array, iinf: Box, id: number): Uint8Array {
  const isShort = bytes[iinf.from] === 0;
  const countBytes = isShort ? 2 : 4;
  const count = new Reader(bytes, iinf.from + 4).next(countBytes);
  // Its name is empty.
  const kind = bytesOf(`${ITEM_TYPE}\0${CONTENT_TYPE}\0`);
  const item = box("infe", number(2, 1), number(0, 3), number(id, 2), number(0, 2), kind);
  const header = bytes.subarray(iinf.from, iinf.from + 4);
  const items = bytes.subarray(iinf.from + 4 + countBytes, iinf.to);
  return box("iinf", header, number(count + 1, countBytes), items, item);
}

/** The list of references with one more: the item describes the picture (`cdsc`). */
function referencesBox(bytes: Uint8Array, iref: Box | undefined, id: number, picture: number): Uint8Array {
  const known = iref === undefined ? new Uint8Array(4) : bytes.subarray(iref.from, iref.to);
  const idBytes = known[0] === 0 ? 2 : 4;
  return box("iref", known, box("cdsc", number(id, idBytes), number(1, 2), number(picture, idBytes)));
}

function pictureOf(bytes: Uint8Array, pitm: Box): number {
  return new Reader(bytes, pitm.from + 4).next(bytes[pitm.from] === 0 ? 2 : 4);
}

/** The item that held the XMP of a result before it was emptied. */
function emptiedItem(bytes: Uint8Array, iinf: Box): number | undefined {
  const isXmp = new TextDecoder("latin1").decode(bytes.subarray(iinf.from, iinf.to)).includes(CONTENT_TYPE);
  const item = [...itemTypes(bytes, iinf)].find(([, type]) => type === ITEM_TYPE);
  return isXmp ? item?.[0] : undefined;
}

/** The places after `by` bytes have come in at `at`. */
function moved(places: readonly Place[], at: number, by: number): Place[] {
  return places.map((place) => {
    const shift = (offset: number) => (place.method === 0 && offset >= at ? offset + by : offset);
    return { ...place, extents: place.extents.map(({ offset, length }) => ({ offset: shift(offset), length })) };
  });
}

/** Throws a Refusal or a RangeError where the file has no place for it. */
export function addToAvif(bytes: Uint8Array, xmp: Uint8Array): Uint8Array {
  const meta = find(boxesIn(bytes, 0, bytes.length), "meta");
  const inner = meta === undefined ? [] : boxesIn(bytes, meta.from + 4, meta.to);
  const [iinf, iloc, pitm] = [find(inner, "iinf"), find(inner, "iloc"), find(inner, "pitm")];
  if (meta === undefined || iinf === undefined || iloc === undefined || pitm === undefined)
    throw new Refusal("its avif items are not listed");
  const emptied = emptiedItem(bytes, iinf);
  const places = readPlaces(bytes, iloc).filter(({ id }) => id !== emptied);
  const id = emptied ?? 1 + Math.max(0, ...places.map((place) => place.id), ...itemTypes(bytes, iinf).keys());
  const isOdd = places.some(({ method, extents }) => method > 1 || extents.some(({ length }) => length === 0));
  if (id > ID_MAX || isOdd) throw new Refusal("its avif items are placed in another form");
  const withPlaces = (all: readonly Place[]) => {
    const kept = inner.map((one) => {
      if (one === iloc) return placesBox(all);
      if (one === iinf && emptied === undefined) return itemsBox(bytes, iinf, id);
      return one.name === "iref" && emptied === undefined ? new Uint8Array(0) : bytes.subarray(one.at, one.to);
    });
    const own = emptied === undefined ? [referencesBox(bytes, find(inner, "iref"), id, pictureOf(bytes, pitm))] : [];
    return box("meta", bytes.subarray(meta.from, meta.from + 4), ...kept, ...own);
  };
  const own = (offset: number): Place => ({ id, method: 0, source: 0, extents: [{ offset, length: xmp.byteLength }] });
  // Its length does not depend on where the places are.
  const at = meta.at + withPlaces([...places, own(0)]).byteLength;
  const content = box("mdat", xmp);
  const by = at + content.byteLength - meta.to;
  const fresh = withPlaces([...moved(places, meta.to, by), own(at + 8)]);
  return concat([bytes.subarray(0, meta.at), fresh, content, bytes.subarray(meta.to)]);
}
