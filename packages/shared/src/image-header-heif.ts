import { viewOf } from "./image-header-raster.ts";
import type { ImageHeader } from "./image-header-type.ts";

/*
 * AVIF and HEIC are ISO base media files: boxes of size, name and payload. `meta` names the primary item (`pitm`), and
 * `iprp` holds the properties (`ipco`: sizes, rotations) and says which item has which (`ipma`). A grid's or an auxiliary
 * image's size (a tile, a thumbnail, an alpha plane) is never taken for the picture's.
 */

interface Box {
  name: string;
  /** The payload. */
  bytes: Uint8Array;
  /** Whether the payload is here in full. */
  whole: boolean;
}

/** The boxes in order; stops at the end of the bytes or at the first malformed one. Every step moves on by 8 bytes or more. */
function boxesIn(bytes: Uint8Array): Box[] {
  const boxes: Box[] = [];
  const view = viewOf(bytes);
  let at = 0;
  while (at + 8 <= bytes.length && boxes.length < 4096) {
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1) {
      if (at + 16 > bytes.length) break;
      head = 16;
      size = Number(view.getBigUint64(at + 8));
    }
    if (size === 0) size = bytes.length - at; // to the end of the file
    if (size < head) break;
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    boxes.push({ name, bytes: bytes.subarray(at + head, at + size), whole: at + size <= bytes.length });
    at += size;
  }
  return boxes;
}

function find(boxes: readonly Box[], name: string): Box | undefined {
  return boxes.find((box) => box.name === name);
}

function primaryItem(pitm: Box | undefined): number | null {
  if (pitm === undefined || pitm.bytes.length < 6) return null;
  const view = viewOf(pitm.bytes);
  if (view.getUint8(0) === 0) return view.getUint16(4);
  return pitm.bytes.length < 8 ? null : view.getUint32(4);
}

/** Indexes (from 1, in order) of the properties that belong to `item`. */
function propertyIndexes(ipma: Box, item: number): number[] {
  const view = viewOf(ipma.bytes);
  if (view.byteLength < 8) return [];
  const longIds = view.getUint8(0) >= 1;
  const wide = (view.getUint8(3) & 1) === 1;
  const entries = view.getUint32(4);
  const idBytes = longIds ? 4 : 2;
  let at = 8;
  for (let entry = 0; entry < entries && at + idBytes < view.byteLength; entry += 1) {
    const id = longIds ? view.getUint32(at) : view.getUint16(at);
    const count = view.getUint8(at + idBytes);
    at += idBytes + 1;
    const end = at + count * (wide ? 2 : 1);
    if (end > view.byteLength) return [];
    if (id === item) {
      return Array.from({ length: count }, (_, index) =>
        wide ? view.getUint16(at + index * 2) & 0x7fff : view.getUint8(at + index) & 0x7f,
      );
    }
    at = end;
  }
  return [];
}

/** EXIF orientations as (mirrored, then turned by 90° clockwise so many times): how irot and imir compose. */
const ORIENTATIONS: Record<string, number> = {
  "0,0": 1,
  "1,0": 2,
  "0,2": 3,
  "1,2": 4,
  "1,3": 5,
  "0,1": 6,
  "1,1": 7,
  "0,3": 8,
};

function orientationOf(properties: readonly Box[]): number {
  let mirrored = 0;
  let turns = 0; // quarter turns clockwise after a left-right mirroring
  for (const { name, bytes } of properties) {
    const value = bytes[0];
    if (value === undefined) continue;
    if (name === "irot") turns = (turns + 4 - (value & 3)) % 4; // irot counts anticlockwise
    if (name === "imir") {
      // Mirroring after a turn is the mirroring first and the opposite turn after it; top-bottom adds half a turn.
      const half = (value & 1) === 0 ? 2 : 0;
      turns = (4 - turns + half) % 4;
      mirrored = 1 - mirrored;
    }
  }
  return ORIENTATIONS[`${mirrored},${turns}`] ?? 1;
}

function isSequence(ftyp: Box | undefined, boxes: readonly Box[]): boolean {
  if (ftyp === undefined) return false;
  const major = String.fromCharCode(...ftyp.bytes.subarray(0, 4));
  return (
    /^(avis|hevc|hevx|msf1)$/.test(major) || (find(boxes, "moov") !== undefined && major !== "avif" && major !== "heic")
  );
}

/** Null when the properties are not within the bytes. An image sequence counts as 2 frames. */
export function readHeif(bytes: Uint8Array, type: "avif" | "heic"): ImageHeader | null {
  const top = boxesIn(bytes);
  const frames = isSequence(find(top, "ftyp"), top) ? 2 : 1;
  const meta = find(top, "meta");
  // A pure sequence has no still to describe: that it moves is all there is to know.
  const movesOnly = frames > 1 && find(top, "moov") !== undefined;
  if (meta === undefined && movesOnly) return { type, width: 0, height: 0, frames, orientation: 1, settled: true };
  if (meta === undefined || !meta.whole) return null;
  const inner = boxesIn(meta.bytes.subarray(4)); // `meta` is a full box: version and flags come first
  const item = primaryItem(find(inner, "pitm"));
  const iprp = boxesIn(find(inner, "iprp")?.bytes ?? new Uint8Array(0));
  const ipma = find(iprp, "ipma");
  const all = boxesIn(find(iprp, "ipco")?.bytes ?? new Uint8Array(0));
  if (item === null || ipma === undefined) return null;
  const properties = propertyIndexes(ipma, item)
    .map((index) => all[index - 1])
    .filter((box) => box !== undefined);
  const ispe = find(properties, "ispe");
  if (ispe === undefined || ispe.bytes.length < 12) return null;
  const size = viewOf(ispe.bytes);
  const width = size.getUint32(4);
  const height = size.getUint32(8);
  if (width === 0 || height === 0) return null;
  return { type, width, height, frames, orientation: orientationOf(properties), settled: true };
}
