import { type Film, FilmFault, type Parts } from "./film.ts";

/* WebM: EBML elements (RFC 8794, RFC 9559). */

interface Element {
  id: number;
  /** Where its content begins and ends in the file. */
  from: number;
  end: number;
}

const [SEGMENT, INFO, TRACKS, TRACK, CLUSTER, VIDEO, PROJECTION] = [
  0x18538067, 0x1549a966, 0x1654ae6b, 0xae, 0x1f43b675, 0xe0, 0x7670,
];
const [SCALE, DURATION, TYPE, WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT, ROLL] = [
  0x2ad7b1, 0x4489, 0x83, 0xb0, 0xba, 0x54b0, 0x54ba, 0x7675,
];
const ELEMENTS_MAX = 256;

/** A number whose first bits say its length; `keep`: with these bits, as ids are written. */
async function variable(parts: Parts, at: number, keep: boolean): Promise<{ value: number; length: number }> {
  const first = (await parts.at(at, 1)).getUint8(0);
  const length = Math.clz32(first) - 23;
  if (length > 8) throw new FilmFault("the film's header is damaged");
  const bytes = await parts.at(at, length);
  let value = keep ? first : first & (0xff >> length);
  let isUnknown = !keep && value === 0xff >> length;
  for (let n = 1; n < length; n += 1) {
    isUnknown &&= bytes.getUint8(n) === 0xff;
    value = value * 256 + bytes.getUint8(n);
  }
  // Live streams do not know how long they will be.
  if (isUnknown) throw new FilmFault("the film was streamed, and does not say how long it is");
  return { value, length };
}

async function* elementsIn(parts: Parts, from: number, end: number): AsyncGenerator<Element> {
  let at = from;
  for (let n = 0; at < end; n += 1) {
    if (n >= ELEMENTS_MAX) throw new FilmFault("the film has too many elements");
    const id = await variable(parts, at, true);
    const size = await variable(parts, at + id.length, false);
    const start = at + id.length + size.length;
    if (start + size.value > end) throw new FilmFault("the film is cut off");
    yield { id: id.value, from: start, end: start + size.value };
    at = start + size.value;
  }
}

/** Reads size and length. Throws a FilmFault for a file that is cut off, streamed or turned. */
export async function readWebm(parts: Parts): Promise<Film> {
  for await (const element of elementsIn(parts, 0, parts.total))
    if (element.id === SEGMENT) return readSegment(parts, element);
  throw new FilmFault("the film has no header");
}

async function readSegment(parts: Parts, segment: Element): Promise<Film> {
  let seconds = 0;
  let size: { width: number; height: number } | null = null;
  for await (const element of elementsIn(parts, segment.from, segment.end)) {
    if (element.id === INFO) seconds = await readLength(parts, element);
    if (element.id === TRACKS) size = await readTracks(parts, element);
    if (element.id === CLUSTER || (seconds > 0 && size !== null)) break;
  }
  if (size === null) throw new FilmFault("the film has no pictures");
  if (!(seconds > 0 && seconds < 1e6)) throw new FilmFault("the film does not say how long it is");
  return { ...size, seconds, rotation: 0 };
}

async function readLength(parts: Parts, info: Element): Promise<number> {
  const numbers = await numbersIn(parts, info, [SCALE], [DURATION]);
  return ((numbers.get(DURATION) ?? 0) * (numbers.get(SCALE) ?? 1_000_000)) / 1e9;
}

async function readTracks(parts: Parts, tracks: Element): Promise<{ width: number; height: number } | null> {
  for await (const track of elementsIn(parts, tracks.from, tracks.end)) {
    if (track.id !== TRACK || (await numbersIn(parts, track, [TYPE], [])).get(TYPE) !== 1) continue;
    for await (const video of elementsIn(parts, track.from, track.end))
      if (video.id === VIDEO) return readVideo(parts, video);
  }
  return null;
}

async function readVideo(parts: Parts, video: Element): Promise<{ width: number; height: number }> {
  for await (const projection of elementsIn(parts, video.from, video.end))
    if (projection.id === PROJECTION && ((await numbersIn(parts, projection, [], [ROLL])).get(ROLL) ?? 0) !== 0)
      throw new FilmFault("the film is turned, which is not supported of WebM");
  const numbers = await numbersIn(parts, video, [WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT], []);
  const [width, height] = [numbers.get(WIDTH) ?? 0, numbers.get(HEIGHT) ?? 0];
  if (width < 1 || height < 1) throw new FilmFault("the film does not say how large it is");
  const isSquare = (numbers.get(SHOWN_WIDTH) ?? width) * height === (numbers.get(SHOWN_HEIGHT) ?? height) * width;
  if (!isSquare) throw new FilmFault("the film's pixels are no squares");
  return { width, height };
}

async function numbersIn(
  parts: Parts,
  parent: Element,
  integers: readonly number[],
  floats: readonly number[],
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for await (const { id, from, end } of elementsIn(parts, parent.from, parent.end)) {
    const length = end - from;
    if (integers.includes(id) && length <= 8) {
      const bytes = await parts.at(from, length);
      found.set(
        id,
        Array.from({ length }, (_, n) => bytes.getUint8(n)).reduce((sum, byte) => sum * 256 + byte, 0),
      );
    }
    if (floats.includes(id) && (length === 4 || length === 8)) {
      const bytes = await parts.at(from, length);
      found.set(id, length === 4 ? bytes.getFloat32(0) : bytes.getFloat64(0));
    }
  }
  return found;
}
