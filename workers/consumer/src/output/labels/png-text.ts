import { textAt } from "../strip/bytes.ts";
import type { Inflater } from "./inflate.ts";
import { BLOCK_MAX } from "./labels.ts";

/** ExifTool, libvips and PNG's registry name XMP so; ImageMagick and older tools write each block as a profile in hexadecimal digits. */
const XMP_KEYWORD = "XML:com.adobe.xmp";
const PROFILE_KEYWORD = "Raw profile type ";
/** PNG's bound. */
const KEYWORD_MAX = 79;
/** Bytes of a profile: two digits for each of a block's, a break after each 72, and a head. */
const PROFILE_MAX = Math.ceil(2.1 * BLOCK_MAX);
/** A profile's head: its name and its length in bytes. */
const PROFILE_HEAD = /^\n[^\n]{1,79}\n *(\d{1,8})\n/;

/** Where the text of an `iTXt` begins: language and translated keyword stand before it, each with a zero behind it. 0: nowhere. */
function behindNames(data: Uint8Array, from: number): number {
  const translated = data.indexOf(0, from) + 1;
  return translated === 0 ? 0 : data.indexOf(0, translated) + 1;
}

/** The text of a chunk. Null: it is damaged or too long. */
function textOf(chunk: string, data: Uint8Array, from: number, most: number, inflater: Inflater): Uint8Array | null {
  if (chunk === "tEXt") return data.subarray(from);
  // Deflate is the only method that PNG knows.
  if (chunk === "zTXt") return data[from] === 0 ? inflater.inflate(data.subarray(from + 1), most) : null;
  const [isCompressed, method] = data.subarray(from, from + 2);
  const text = behindNames(data, from + 2);
  if (text === 0) return null;
  if (isCompressed === 0) return data.subarray(text);
  return isCompressed === 1 && method === 0 ? inflater.inflate(data.subarray(text), most) : null;
}

/** The bytes of a profile, up to the first that is not written in digits. Null: its head is damaged. */
function bytesOfProfile(text: Uint8Array): Uint8Array | null {
  const written = new TextDecoder("latin1").decode(text.subarray(0, PROFILE_MAX));
  const head = PROFILE_HEAD.exec(written);
  if (head === null) return null;
  const digits = written.slice(head[0].length).replace(/\s/g, "");
  const bytes = new Uint8Array(Math.min(Number(head[1]), digits.length >> 1, BLOCK_MAX));
  for (let n = 0; n < bytes.byteLength; n += 1) {
    const byte = Number(`0x${digits.slice(2 * n, 2 * n + 2)}`);
    if (Number.isNaN(byte)) return bytes.subarray(0, n);
    bytes[n] = byte;
  }
  return bytes;
}

/**
 * The block of metadata in a PNG's text chunk (`tEXt`, `zTXt` or `iTXt`), and whether its keyword says that it is XMP; a
 * profile's kind is told by its bytes. Null: it holds none, or one that is damaged or too long.
 */
export function blockInText(
  chunk: string,
  data: Uint8Array,
  inflater: Inflater,
): { isXmp: boolean; bytes: Uint8Array } | null {
  const end = data.subarray(0, KEYWORD_MAX + 1).indexOf(0);
  const keyword = textAt(data, 0, Math.max(0, end));
  if (keyword === XMP_KEYWORD) {
    const bytes = textOf(chunk, data, end + 1, BLOCK_MAX, inflater);
    return bytes === null ? null : { isXmp: true, bytes };
  }
  if (!keyword.startsWith(PROFILE_KEYWORD)) return null;
  const text = textOf(chunk, data, end + 1, PROFILE_MAX, inflater);
  const bytes = text === null ? null : bytesOfProfile(text);
  return bytes === null ? null : { isXmp: false, bytes };
}
