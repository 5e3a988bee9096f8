import { type Film, FilmFault, Parts, type ReadPart } from "./film.ts";
import { readMp4 } from "./mp4.ts";
import { readWebm } from "./webm.ts";

/** Boxes that an MP4 or a MOV begins with. */
const FIRST = /^(ftyp|moov|mdat|wide|free|skip)$/;

/**
 * Size, turn and length of a film of `total` bytes, by bounded reads of its parts. Throws a FilmFault where no still can be made of it with
 * certainty: no film, cut off, fragmented, without its length.
 */
export async function readFilm(read: ReadPart, total: number): Promise<Film> {
  const parts = new Parts(read, total);
  const head = new Uint8Array((await parts.at(0, 8)).buffer);
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) return readWebm(parts);
  if (FIRST.test(String.fromCharCode(...head.subarray(4)))) return readMp4(parts);
  throw new FilmFault("the original is no film");
}
