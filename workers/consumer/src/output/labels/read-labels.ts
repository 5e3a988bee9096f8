import { readCopyright } from "@prewarm/shared/exif";
import { viewOf } from "../strip/bytes.ts";
import { findMetadata } from "./find-metadata.ts";
import { type LabelName, type Labels, toLabel } from "./labels.ts";
import { readXmp } from "./read-xmp.ts";

/** Bytes that are read of a block: as much as a JPEG can hold of it. */
const BLOCK_MAX = 65_536;
/** IPTC's records by their number: record 2, dataset 116 and 110. */
const IIM: Record<number, LabelName> = { 628: "copyright", 622: "credit" };

/** Few writers say which characters theirs are: UTF-8 where it can be, else Latin. */
function decoded(bytes: Uint8Array): string {
  try {
    // As a stream, whose last character may be cut off.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

/** Each record: a mark, its number, its length and its text. A longer one than 32 kB ends the reading. */
function readIim(bytes: Uint8Array): Labels {
  const view = viewOf(bytes);
  const labels: Labels = {};
  for (let at = 0; at + 5 <= bytes.length && view.getUint8(at) === 0x1c; ) {
    const length = view.getUint16(at + 3);
    const label = IIM[view.getUint16(at + 1)];
    if (length > 0x7fff) break;
    const value = label === undefined ? null : toLabel(label, decoded(bytes.subarray(at + 5, at + 5 + length)));
    if (label !== undefined && value !== null) labels[label] ??= value;
    at += 5 + length;
  }
  return labels;
}

function readExif(tiff: Uint8Array): Labels {
  const bytes = readCopyright(tiff);
  const copyright = bytes === null ? null : toLabel("copyright", decoded(bytes));
  return copyright === null ? {} : { copyright };
}

/**
 * The labels in the first bytes of an original: JPEG, PNG, WebP, AVIF or HEIC. XMP counts before IPTC's older records, and these before
 * Exif. Null: it has none. Takes time in proportion to the bytes, and never throws.
 */
export function readLabels(bytes: Uint8Array): Labels | null {
  const { xmp, iim, exif } = findMetadata(bytes);
  const labels: Labels = {
    ...(exif === undefined ? {} : readExif(exif.subarray(0, BLOCK_MAX))),
    ...(iim === undefined ? {} : readIim(iim.subarray(0, BLOCK_MAX))),
    ...(xmp === undefined ? {} : readXmp(decoded(xmp.subarray(0, BLOCK_MAX)))),
  };
  return Object.keys(labels).length === 0 ? null : labels;
}
