import { Unzlib } from "fflate";

/** Bytes that are given to fflate at once. Deflate makes 1,032 of one at most, so a piece holds 1.06 MB at most. */
const PIECE = 1_024;
/** Texts of one file that are inflated. ImageMagick writes five profiles at most. Chosen. */
const TEXTS_MAX = 8;

/** Inflates the compressed texts of one file. */
export class Inflater {
  #left = TEXTS_MAX;
  /** Some text was longer than its bound, or was one too many. */
  isOver = false;

  /**
   * The text of a zlib stream. Null: it is damaged, or longer than `most` bytes, also as it is compressed. Nothing is
   * inflated beyond the piece in which it becomes too long. Never throws.
   */
  inflate(data: Uint8Array, most: number): Uint8Array | null {
    if (this.#left === 0 || data.byteLength > most) {
      this.isOver = true;
      return null;
    }
    this.#left -= 1;
    const text = new Uint8Array(most);
    let length = 0;
    const stream = new Unzlib((chunk) => {
      if (length + chunk.byteLength <= most) text.set(chunk, length);
      length += chunk.byteLength;
    });
    try {
      for (let at = 0; at < data.byteLength && length <= most; at += PIECE)
        stream.push(data.subarray(at, at + PIECE), at + PIECE >= data.byteLength);
    } catch {
      return null;
    }
    if (length <= most) return text.subarray(0, length);
    this.isOver = true;
    return null;
  }
}
