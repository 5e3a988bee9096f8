/** What the header of a film says, as a player shows it. */
export interface Film {
  /** In px, after rotation. */
  width: number;
  height: number;
  /** Of the pictures, without sound that goes on. */
  seconds: number;
  /** Clockwise, in degrees. */
  rotation: 0 | 90 | 180 | 270;
}

/** Why no still can be made of a file. Not an error: the same bytes say the same again. */
export class FilmFault extends Error {
  override readonly name = "FilmFault";
}

/** Reads a part of a file; fewer bytes at its end. */
export type ReadPart = (from: number, length: number) => Promise<Uint8Array>;

/** Bytes of a read: nearly every header is in one, at the start or at the end. */
const PART_BYTES = 65_536;
/** The header of a film is in few places. More reads than this are a file that was built to cost some. */
const READS_MAX = 24;

/** A file of which parts are read as they are needed, each once, at most 1.5 MiB in all. */
export class Parts {
  readonly total: number;
  readonly #read: ReadPart;
  readonly #parts = new Map<number, Promise<Uint8Array>>();

  constructor(read: ReadPart, total: number) {
    this.#read = read;
    this.total = total;
  }

  /** Throws a FilmFault where the file ends before. `length` is at most one part. */
  async at(from: number, length: number): Promise<DataView> {
    if (from < 0 || from + length > this.total) throw new FilmFault("the film is cut off");
    const first = Math.floor(from / PART_BYTES);
    const last = Math.floor((from + length - 1) / PART_BYTES);
    const bytes = new Uint8Array(length);
    for (let n = first; n <= last; n += 1) {
      const part = await this.#part(n);
      const start = n * PART_BYTES;
      const some = part.subarray(Math.max(0, from - start), Math.max(0, from + length - start));
      bytes.set(some, Math.max(0, start - from));
      if (start + part.byteLength < Math.min(from + length, start + PART_BYTES))
        throw new FilmFault("the film is cut off");
    }
    return new DataView(bytes.buffer);
  }

  #part(n: number): Promise<Uint8Array> {
    const known = this.#parts.get(n);
    if (known !== undefined) return known;
    if (this.#parts.size >= READS_MAX) throw new FilmFault("the film's header is in too many places");
    const part = this.#read(n * PART_BYTES, Math.min(PART_BYTES, this.total - n * PART_BYTES));
    this.#parts.set(n, part);
    return part;
  }
}
