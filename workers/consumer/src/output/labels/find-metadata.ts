import { sniffType } from "@prewarm/shared/image-header";
import { boxesIn, find, itemExtents, itemTypes, Refusal } from "../heif.ts";
import { partCounter, textAt, viewOf } from "../strip/bytes.ts";
import { HAS_EXIF, HAS_XMP, HEADER_BYTES } from "../strip/strip-webp.ts";
import { Inflater } from "./inflate.ts";
import { isManifestBox, isManifestSegment, isManifestStore } from "./manifest.ts";
import { blockInText } from "./png-text.ts";

/** Blocks of metadata as a file has them; absent: it has none within these bytes. */
export interface Metadata {
  xmp?: Uint8Array | undefined;
  /** Records of IPTC's older form, as Photoshop keeps them in a JPEG. */
  iim?: Uint8Array | undefined;
  /** A TIFF block. */
  exif?: Uint8Array | undefined;
  /** The file says that it has a block behind these bytes. */
  isCut?: boolean;
  /** It has a signed manifest (C2PA). */
  hasManifest?: boolean;
  /** A compressed text is longer than is read. */
  hasLongText?: boolean;
}

const XMP_NAME = "http://ns.adobe.com/xap/1.0/\0";
const EXIF_NAME = "Exif\0\0";
const PHOTOSHOP_NAME = "Photoshop 3.0\0";
/** A TIFF block's beginning, in either order of bytes. */
const TIFF = /^(II\*\0|MM\0\*)/;
/** The number of Photoshop's resource with IPTC's records. */
const IIM_RESOURCE = 0x0404;

/** Photoshop's resources: type, number, name, length and data, each padded to an even length. */
function iimIn(block: Uint8Array): Uint8Array | undefined {
  const view = viewOf(block);
  const countPart = partCounter();
  for (let at = 0; at + 12 <= block.length && textAt(block, at, 4) === "8BIM"; ) {
    countPart();
    const nameBytes = 1 + view.getUint8(at + 6);
    const from = at + 6 + nameBytes + (nameBytes & 1) + 4;
    const length = view.getUint32(from - 4);
    if (view.getUint16(at + 4) === IIM_RESOURCE) return block.subarray(from, from + length);
    at = from + length + (length & 1);
  }
  return undefined;
}

/** All metadata stands before the start of frame, without which no header can be read. */
function inJpeg(bytes: Uint8Array): Metadata {
  const view = viewOf(bytes);
  const found: Metadata = {};
  const countPart = partCounter();
  for (let at = 2; at + 4 <= bytes.length && view.getUint8(at) === 0xff; ) {
    countPart();
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker < 0xc0 || marker === 0xd9 || marker === 0xda) break;
    const end = at + 2 + view.getUint16(at + 2);
    const segment = bytes.subarray(at + 4, end);
    const behind = (name: string) => (textAt(segment, 0, name.length) === name ? segment.subarray(name.length) : null);
    if (marker === 0xe1) {
      found.xmp ??= behind(XMP_NAME) ?? undefined;
      found.exif ??= behind(EXIF_NAME) ?? undefined;
    }
    if (marker === 0xeb) found.hasManifest ||= isManifestSegment(segment);
    const resources = marker === 0xed ? behind(PHOTOSHOP_NAME) : null;
    if (resources !== null) found.iim ??= iimIn(resources);
    at = Math.max(end, at + 4);
  }
  return found;
}

/** Adds a block whose kind only its first bytes tell, as in a PNG's profile. */
function addBlock(found: Metadata, block: Uint8Array): void {
  const start = textAt(block, 0, XMP_NAME.length);
  if (start === XMP_NAME) found.xmp ??= block.subarray(XMP_NAME.length);
  else if (start.startsWith(EXIF_NAME)) found.exif ??= block.subarray(EXIF_NAME.length);
  else if (TIFF.test(start)) found.exif ??= block;
  else if (start.startsWith("8BIM")) found.iim ??= iimIn(block);
  else if (start.startsWith("\x1c")) found.iim ??= block;
  else if (/^(\xef\xbb\xbf)?\s*</.test(start)) found.xmp ??= block;
}

const TEXT_CHUNKS = new Set(["tEXt", "zTXt", "iTXt"]);

function inPng(bytes: Uint8Array): Metadata {
  const view = viewOf(bytes);
  const found: Metadata = {};
  const inflater = new Inflater();
  const countPart = partCounter();
  for (let at = 8; at + 12 <= bytes.length; ) {
    countPart();
    const end = at + 12 + view.getUint32(at);
    const name = textAt(bytes, at + 4, 4);
    const data = bytes.subarray(at + 8, end - 4);
    const isText = TEXT_CHUNKS.has(name);
    if (isText && end > bytes.length) found.isCut = true;
    const block = isText ? blockInText(name, data, inflater) : null;
    if (block?.isXmp) found.xmp ??= block.bytes;
    else if (block) addBlock(found, block.bytes);
    if (name === "eXIf") found.exif ??= data;
    if (name === "caBX") found.hasManifest ||= isManifestStore(data);
    at = end;
  }
  return { ...found, hasLongText: inflater.isOver };
}

/** Both kinds stand behind the picture, and the extended header says which there are. */
function inWebp(bytes: Uint8Array): Metadata {
  const view = viewOf(bytes);
  const found: Metadata = {};
  const countPart = partCounter();
  for (let at = HEADER_BYTES; at + 8 <= bytes.length; ) {
    countPart();
    const length = view.getUint32(at + 4, true);
    const name = textAt(bytes, at, 4);
    const payload = bytes.subarray(at + 8, at + 8 + length);
    const isWhole = payload.byteLength === length;
    if (name === "XMP " && isWhole) found.xmp ??= payload;
    if (name === "C2PA") found.hasManifest ||= isManifestStore(payload);
    // Some writers put JPEG's prefix before the block.
    if (name === "EXIF" && isWhole) found.exif ??= textAt(payload, 0, 4) === "Exif" ? payload.subarray(6) : payload;
    at += 8 + length + (length & 1);
  }
  const flags = textAt(bytes, HEADER_BYTES, 4) === "VP8X" ? view.getUint8(HEADER_BYTES + 8) : 0;
  const isCut = ((flags & HAS_XMP) !== 0 && !found.xmp) || ((flags & HAS_EXIF) !== 0 && !found.exif);
  return { ...found, isCut };
}

function inHeif(bytes: Uint8Array): Metadata {
  const outer = boxesIn(bytes, 0, bytes.length, true);
  const hasManifest = outer.some(({ name, from, to }) => name === "uuid" && isManifestBox(bytes.subarray(from, to)));
  const meta = find(outer, "meta");
  const inner = meta === undefined ? [] : boxesIn(bytes, meta.from + 4, meta.to);
  const [iinf, iloc] = [find(inner, "iinf"), find(inner, "iloc")];
  if (iinf === undefined || iloc === undefined) return { hasManifest };
  const types = itemTypes(bytes, iinf);
  const found: Metadata = { hasManifest };
  for (const [id, extents] of itemExtents(bytes, iloc, find(inner, "idat"))) {
    const type = types.get(id);
    if (type !== "mime" && type !== "Exif") continue;
    // Writers give metadata one piece; an item in several is not read.
    const [place, more] = extents;
    if (place === undefined || more !== undefined) found.isCut ||= place === undefined;
    else if (type === "mime") found.xmp ??= bytes.subarray(place.from, place.to);
    // Its first number says how far behind it the block begins.
    else found.exif ??= bytes.subarray(place.from + 4 + viewOf(bytes).getUint32(place.from), place.to);
  }
  return found;
}

/**
 * The metadata in the first bytes of a file. Each byte is passed over a bounded number of times. Never throws; a damaged
 * file has none.
 */
export function findMetadata(bytes: Uint8Array): Metadata {
  try {
    switch (sniffType(bytes)) {
      case "jpeg":
        return inJpeg(bytes);
      case "png":
        return inPng(bytes);
      case "webp":
        return inWebp(bytes);
      case "avif":
      case "heic":
        return inHeif(bytes);
      default:
        return {};
    }
  } catch (error) {
    // Damaged lengths lead outside of the bytes.
    if (error instanceof RangeError || error instanceof Refusal) return {};
    throw error;
  }
}
