import { orientationBlock, readOrientation } from "@prewarm/shared/exif";
import { bytesOf, concat, partCounter, type Stripped, textAt, viewOf } from "./bytes.ts";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const COM = 0xfe;
const EXIF = "Exif\0\0";
/** JFIF without the thumbnail that may follow. */
const JFIF_BYTES = 16;

/** Application segments that the colours depend on. */
const KEPT: [marker: number, name: string][] = [
  [0xe0, "JFIF\0"],
  [0xe2, "ICC_PROFILE\0"],
  [0xee, "Adobe"],
];

/** What the removed segments are called; others by their number. */
const NAMES: [marker: number, begins: string, name: string][] = [
  [0xe1, EXIF, "Exif"],
  [0xe1, "http://ns.adobe.com/", "XMP"],
  [0xe2, "MPF\0", "more pictures"],
  [0xed, "Photoshop", "IPTC"],
  [COM, "", "a comment"],
];

function isApplication(marker: number): boolean {
  return (marker >= 0xe0 && marker <= 0xef) || marker === COM;
}

/** Markers that stand alone, without a length. */
function isBare(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= SOI);
}

/** Where the entropy-coded data behind a scan's header ends: at the next marker that is no restart and no stuffed byte. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

/** An Exif segment that says nothing but the orientation. */
function exifSegment(orientation: number): Uint8Array {
  const block = orientationBlock(orientation);
  const length = 2 + EXIF.length + block.byteLength;
  return concat([Uint8Array.of(0xff, 0xe1, length >> 8, length & 0xff), bytesOf(EXIF), block]);
}

/** JFIF's own numbers, its thumbnail's size set to none. */
function jfifSegment(segment: Uint8Array): Uint8Array {
  const own = segment.slice(0, 2 + JFIF_BYTES);
  own.set([0, JFIF_BYTES], 2);
  own.set([0, 0], JFIF_BYTES);
  return own;
}

interface Walk {
  kept: Uint8Array[];
  removed: Set<string>;
  /** An orientation has been written. */
  isTurned: boolean;
}

function takeSegment(walk: Walk, marker: number, segment: Uint8Array): void {
  const begins = (name: string) => textAt(segment, 4, name.length) === name;
  if (marker === 0xe0 && begins("JFIF\0") && segment.byteLength > 2 + JFIF_BYTES) {
    walk.kept.push(jfifSegment(segment));
    walk.removed.add("a thumbnail");
    return;
  }
  if (!isApplication(marker) || KEPT.some(([kept, name]) => kept === marker && begins(name))) {
    walk.kept.push(segment);
    return;
  }
  const known = NAMES.find(([named, name]) => named === marker && begins(name));
  walk.removed.add(known?.[2] ?? `segment APP${marker - 0xe0}`);
  if (known?.[2] !== "Exif" || walk.isTurned) return;
  // The first one counts.
  walk.isTurned = true;
  const orientation = readOrientation(segment.subarray(4 + EXIF.length));
  if (orientation === 1) return;
  const own = exifSegment(orientation);
  walk.kept.push(own);
  if (own.byteLength === segment.byteLength && own.every((byte, at) => byte === segment[at]))
    walk.removed.delete("Exif");
}

/** Keeps the segments that the picture is decoded from. */
export function stripJpeg(bytes: Uint8Array): Stripped {
  const view = viewOf(bytes);
  const walk: Walk = { kept: [bytes.subarray(0, 2)], removed: new Set(), isTurned: false };
  const countPart = partCounter();
  let at = 2;
  while (at + 2 <= bytes.length) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0) break;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === EOI) return ended(walk, bytes, at + 2);
    countPart();
    const header = isBare(marker) ? 2 : 2 + view.getUint16(at + 2);
    if (header < 4 && !isBare(marker)) break;
    const end = marker === SOS ? endOfScan(bytes, at + header) : at + header;
    if (end > bytes.length) break;
    takeSegment(walk, marker, bytes.subarray(at, end));
    at = end;
  }
  return { ok: false, message: "its jpeg structure is damaged" };
}

function ended({ kept, removed }: Walk, bytes: Uint8Array, end: number): Stripped {
  if (bytes.subarray(end).some((byte) => byte !== 0)) removed.add("what stood behind the picture");
  if (removed.size === 0) return { ok: true, bytes, removed: [] };
  return { ok: true, bytes: concat([...kept, Uint8Array.of(0xff, EOI)]), removed: [...removed] };
}
