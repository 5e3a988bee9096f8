import { type Film, FilmFault } from "@prewarm/shared/film/film";
import { readFilm } from "@prewarm/shared/film/read-film";
import type { Start } from "./read-start.ts";

/** What a film's header tells, or why it tells nothing. */
export type FilmLook =
  | { kind: "film"; film: Film; etag: string | null }
  /** No still can be made of it with certainty. */
  | { kind: "unusable"; message: string }
  | Exclude<Start, { kind: "bytes" }>;

/** A read has failed, or the file is another one by now. */
class ReadFailure extends Error {
  readonly start: Exclude<Start, { kind: "bytes" }>;

  constructor(start: Exclude<Start, { kind: "bytes" }>) {
    super("a part of the film could not be read");
    this.start = start;
  }
}

const CHANGED: Exclude<Start, { kind: "bytes" }> = {
  kind: "failed",
  class: "transient",
  failure: { code: "original_unreadable", message: "the film was replaced while its header was read" },
};

/** Bytes of the first read, which is the first part of the film too. */
const FIRST_BYTES = 65_536;

/** Reads the header of a film by ranges. */
export async function lookAtFilm(read: (length: number, from: number) => Promise<Start>): Promise<FilmLook> {
  const first = await read(FIRST_BYTES, 0);
  if (first.kind !== "bytes") return first;
  const { total, etag } = first;
  if (total === null) return { kind: "unusable", message: "the film's server does not say how many bytes it has" };
  const part = async (from: number, length: number): Promise<Uint8Array> => {
    if (from === 0) return first.bytes.subarray(0, length);
    const start = await read(length, from);
    if (start.kind !== "bytes") throw new ReadFailure(start);
    if (start.etag !== etag) throw new ReadFailure(CHANGED);
    return start.bytes;
  };
  try {
    return { kind: "film", film: await readFilm(part, total), etag };
  } catch (error) {
    if (error instanceof FilmFault) return { kind: "unusable", message: error.message };
    if (error instanceof ReadFailure) return error.start;
    throw error;
  }
}
