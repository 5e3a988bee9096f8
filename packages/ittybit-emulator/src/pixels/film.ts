import sharp from "sharp";
import { JobFailure } from "../errors.ts";

/* Films: the emulator has no decoder. Of an MP4 or MOV it reads size, turn and length, and draws a still with the time in it. */

export interface Film {
  /** In px, as a player shows it. */
  width: number;
  height: number;
  seconds: number;
}

/** Where the content of the first box of a type begins; boxes of other types are searched as bytes. -1: none. */
function boxAt(bytes: Buffer, type: string): number {
  const at = bytes.indexOf(type, 0, "latin1");
  return at === -1 ? -1 : at + 4;
}

/** Null for what is no MP4 or MOV with one header and pictures. */
export function readFilm(bytes: Buffer): Film | null {
  const movie = boxAt(bytes, "mvhd");
  const track = boxAt(bytes, "tkhd");
  if (movie === -1 || track === -1 || movie + 32 > bytes.length || track + 96 > bytes.length) return null;
  const isLong = bytes[movie] === 1;
  const units = bytes.readUInt32BE(movie + (isLong ? 20 : 12));
  const duration = isLong ? Number(bytes.readBigUInt64BE(movie + 24)) : bytes.readUInt32BE(movie + 16);
  const matrix = track + (bytes[track] === 1 ? 52 : 40);
  const isTurned = bytes.readInt32BE(matrix) === 0;
  const [width, height] = [bytes.readUInt16BE(matrix + 36), bytes.readUInt16BE(matrix + 40)];
  if (width === 0 || height === 0 || units === 0 || duration === 0) return null;
  const seconds = duration / units;
  return isTurned ? { width: height, height: width, seconds } : { width, height, seconds };
}

/** The still at a time. Past the end there is none: what the service does is documented nowhere, and a refusal is the worst case. */
export async function stillOf(film: Film, hash: string, start: number) {
  if (start >= film.seconds) throw new JobFailure("start_past_end", `the input ends after ${film.seconds} s`);
  const { width, height } = film;
  // Another colour at each time, so that a test tells stills apart.
  const colour = `hsl(${(start * 47) % 360} 80% 50%)`;
  const text = `<text x="50%" y="50%" font-size="${height / 5}" text-anchor="middle">${start} s</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${colour}"/>${text}</svg>`;
  const bytes = await sharp(Buffer.from(svg)).png().toBuffer();
  return { bytes, hash: `${hash} ${start}`, width, height, format: "png" };
}
