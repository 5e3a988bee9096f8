import { LABEL_MAX_BYTES } from "@prewarm/shared/limits";

/** What an original says of its rights and its making. A label that it does not say is absent, and none is empty. */
export interface Labels {
  /** Whose it is: `dc:rights`, IPTC 2:116, Exif `Copyright`. */
  copyright?: string;
  /** Who is to be named: `photoshop:Credit`, IPTC 2:110. */
  credit?: string;
  /** Who gives licences: `plus:LicensorName` of the first licensor, and their `plus:LicensorURL`. */
  licensor?: string;
  licensorUrl?: string;
  /** How it was made: `Iptc4xmpExt:DigitalSourceType`, a URL of IPTC's vocabulary. */
  source?: string;
}

/** Bytes that are read of a block of metadata: as much as a JPEG can hold of it. */
export const BLOCK_MAX = 65_536;

export type LabelName = keyof typeof LABEL_MAX_BYTES;

/** Labels that lead to a page: a part of a URL leads elsewhere. */
const URLS: ReadonlySet<LabelName> = new Set(["licensorUrl", "source"]);

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text as XML has it, also in an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? "");
}

function bytesIn(text: string): number {
  return new TextEncoder().encode(escaped(text)).byteLength;
}

/**
 * A text as a label: in one line, and cut between characters to the bytes that LABEL_MAX_BYTES gives it. A URL that is
 * none, or that is longer, is no label. Null: nothing is left.
 */
export function toLabel(name: LabelName, text: string): string | null {
  const most = LABEL_MAX_BYTES[name];
  // No character takes fewer bytes, so what comes after it is not looked at. Control characters are no XML.
  const line = text
    .slice(0, 4 * most)
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\s\u0000-\u001f\u007f-\u009f\ufffe\uffff]+/g, " ")
    .trim();
  if (URLS.has(name)) return /^https?:\/\/[!-~]+$/.test(line) && bytesIn(line) <= most ? line : null;
  let kept = "";
  let left = most;
  for (const char of line) {
    left -= bytesIn(char);
    if (left < 0) break;
    kept += char;
  }
  return kept.trimEnd() || null;
}

/** Namespaces of XMP that labels stand in (IPTC Photo Metadata Standard 2023.2, PLUS LDF 1.0, ISO 16684-1). */

export const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
export const DC = "http://purl.org/dc/elements/1.1/";
export const PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/";
export const PLUS = "http://ns.useplus.org/ldf/xmp/1.0/";
export const IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
