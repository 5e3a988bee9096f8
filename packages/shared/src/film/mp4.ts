import { type Film, FilmFault, type Parts } from "./film.ts";

/* ISO base media files: MP4, M4V, and MOV, which has the same boxes (ISO/IEC 14496-12). */

interface Box {
  type: string;
  /** Where its content begins and ends in the file. */
  from: number;
  end: number;
}

const BOXES_MAX = 256;

async function* boxesIn(parts: Parts, from: number, end: number): AsyncGenerator<Box> {
  let at = from;
  // A MOV may end a list with four zeros.
  for (let n = 0; at + 8 <= end; n += 1) {
    if (n >= BOXES_MAX) throw new FilmFault("the film has too many boxes");
    const head = await parts.at(at, 8);
    const short = head.getUint32(0);
    const type = String.fromCharCode(...new Uint8Array(head.buffer, 4, 4));
    const isLong = short === 1;
    const size = isLong ? Number((await parts.at(at + 8, 8)).getBigUint64(0)) : short === 0 ? end - at : short;
    const start = at + (isLong ? 16 : 8);
    if (at + size > end) throw new FilmFault("the film is cut off");
    if (at + size < start) throw new FilmFault("the film's header is damaged");
    yield { type, from: start, end: at + size };
    at += size;
  }
}

interface Track {
  isVideo: boolean;
  /** In the movie's units. */
  duration: number;
  width: number;
  height: number;
  rotation: Film["rotation"] | null;
}

/** Reads size, turn and length. Throws a FilmFault for a file that is cut off or fragmented, or of which a value is not known. */
export async function readMp4(parts: Parts): Promise<Film> {
  let film: Film | null = null;
  let end = 0;
  let hasPictures = false;
  // To the end: a file of which a box passes it, or is absent, was not stored up to its end.
  for await (const box of boxesIn(parts, 0, parts.total)) {
    end = box.end;
    hasPictures ||= box.type === "mdat";
    if (box.type === "moof") throw new FilmFault("the film is fragmented");
    if (box.type === "moov") film ??= await readMovie(parts, box);
  }
  if (film === null) throw new FilmFault("the film has no header");
  if (!hasPictures || end !== parts.total) throw new FilmFault("the film is cut off");
  return film;
}

async function readMovie(parts: Parts, movie: Box): Promise<Film> {
  let timescale = 0;
  const tracks: Track[] = [];
  for await (const box of boxesIn(parts, movie.from, movie.end)) {
    if (box.type === "mvex") throw new FilmFault("the film is fragmented");
    if (box.type === "mvhd") timescale = (await versioned(parts, box, 12, 20)).getUint32(0);
    if (box.type === "trak") tracks.push(await readTrack(parts, box));
  }
  const track = tracks.find(({ isVideo }) => isVideo);
  if (track === undefined) throw new FilmFault("the film has no pictures");
  const { duration, width, height, rotation } = track;
  if (rotation === null) throw new FilmFault("the film is mirrored, or turned by no right angle");
  const seconds = duration / timescale;
  if (!(seconds > 0 && seconds < 1e6)) throw new FilmFault("the film does not say how long it is");
  if (width < 1 || height < 1) throw new FilmFault("the film does not say how large it is");
  return rotation % 180 === 0
    ? { width, height, seconds, rotation }
    : { width: height, height: width, seconds, rotation };
}

async function readTrack(parts: Parts, trak: Box): Promise<Track> {
  const track: Track = { isVideo: false, duration: 0, width: 0, height: 0, rotation: null };
  for await (const box of boxesIn(parts, trak.from, trak.end)) {
    if (box.type === "tkhd") Object.assign(track, await readTrackHeader(parts, box));
    if (box.type !== "mdia") continue;
    for await (const inner of boxesIn(parts, box.from, box.end))
      if (inner.type === "hdlr") track.isVideo = (await field(parts, inner, 8, 4)).getUint32(0) === VIDEO;
  }
  return track;
}

/** `vide`, as a number. */
const VIDEO = 0x76696465;

async function readTrackHeader(parts: Parts, box: Box): Promise<Omit<Track, "isVideo">> {
  const isLong = (await field(parts, box, 0, 1)).getUint8(0) === 1;
  const time = await field(parts, box, isLong ? 28 : 20, isLong ? 8 : 4);
  const duration = isLong ? Number(time.getBigUint64(0)) : time.getUint32(0);
  // All ones: not known.
  const isKnown = isLong ? duration < 2 ** 63 : duration < 2 ** 32 - 1;
  const shape = await field(parts, box, isLong ? 52 : 40, 44);
  return {
    duration: isKnown ? duration : 0,
    rotation: rotationOf(shape),
    width: Math.round(shape.getUint32(36) / 65_536),
    height: Math.round(shape.getUint32(40) / 65_536),
  };
}

/** The turn of a matrix (a, b, u, c, d, …); null for a mirror, and for an angle that is no right one. */
function rotationOf(matrix: DataView): Film["rotation"] | null {
  const name = [0, 4, 12, 16].map((at) => Math.sign(matrix.getInt32(at))).join();
  const turns: Record<string, Film["rotation"]> = { "1,0,0,1": 0, "0,1,-1,0": 90, "-1,0,0,-1": 180, "0,-1,1,0": 270 };
  return turns[name] ?? null;
}

/** Four bytes at the first place in version 0 of a box, at the second in version 1. */
async function versioned(parts: Parts, box: Box, zero: number, one: number): Promise<DataView> {
  const version = (await field(parts, box, 0, 1)).getUint8(0);
  return field(parts, box, version === 1 ? one : zero, 4);
}

function field(parts: Parts, { from, end }: Box, at: number, length: number): Promise<DataView> {
  if (from + at + length > end) throw new FilmFault("the film's header is damaged");
  return parts.at(from + at, length);
}
