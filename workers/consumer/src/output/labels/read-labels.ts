import { readCopyright } from "@prewarm/shared/exif";
import type { LeftOut } from "@prewarm/shared/image-info";
import { viewOf } from "../strip/bytes.ts";
import { findMetadata } from "./find-metadata.ts";
import { BLOCK_MAX, type LabelName, type Labels, toLabel } from "./labels.ts";
import { readXmp } from "./read-xmp.ts";

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

/** What the first bytes of an original say. */
export interface Said {
  /** Null: it has none. */
  labels: Labels | null;
  leftOut: LeftOut[];
}

/**
 * The labels in the first bytes of an original (JPEG, PNG, WebP, AVIF or HEIC), and what it has that no variant gets. XMP
 * counts before IPTC's older records, and these before Exif. Takes time in proportion to the bytes, and never throws.
 */
export function readLabels(bytes: Uint8Array): Said {
  const { xmp, iim, exif, hasManifest, hasLongText } = findMetadata(bytes);
  const labels: Labels = {
    ...(exif === undefined ? {} : readExif(exif.subarray(0, BLOCK_MAX))),
    ...(iim === undefined ? {} : readIim(iim.subarray(0, BLOCK_MAX))),
    ...(xmp === undefined ? {} : readXmp(decoded(xmp.subarray(0, BLOCK_MAX)))),
  };
  const leftOut: LeftOut[] = [];
  if (hasManifest) leftOut.push("manifest");
  if (hasLongText) leftOut.push("long_text");
  return { labels: Object.keys(labels).length === 0 ? null : labels, leftOut };
}
