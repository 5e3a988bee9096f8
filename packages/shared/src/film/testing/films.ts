/* Headers of films, byte for byte as encoders write them, with zeros in place of the pictures. */

export interface FilmOptions {
  width?: number;
  height?: number;
  seconds?: number;
  /** Clockwise, in degrees. `mirrored`: a matrix that is no turn. */
  rotation?: 0 | 90 | 180 | 270 | "mirrored";
  /** Where the header stands. Default: at the start. */
  header?: "start" | "end";
  /** With `mvex`, as files for streaming have it. */
  fragmented?: boolean;
  /** Whether a track of sound stands first, and goes on for longer. */
  sound?: boolean;
  /** Boxes with numbers of 64 bits. */
  long?: boolean;
  /** Bytes of pictures. */
  bytes?: number;
}

const UNITS = 1000;
const MATRICES = {
  0: [1, 0, 0, 1],
  90: [0, 1, -1, 0],
  180: [-1, 0, 0, -1],
  270: [0, -1, 1, 0],
  mirrored: [-1, 0, 0, 1],
};

function box(type: string, ...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

const u32 = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [n, number] of numbers.entries()) bytes.writeInt32BE(number | 0, 4 * n);
  return bytes;
};
const zeros = (n: number): Buffer => Buffer.alloc(n);
/** A time or length of 32 or 64 bits. */
const time = (value: number, long: boolean): Buffer => (long ? u32(0, value) : u32(value));

function track(kind: "vide" | "soun", { seconds, long, matrix, size }: TrackOptions): Uint8Array {
  const [a = 1, b = 0, c = 0, d = 1] = matrix.map((part) => part * 65_536);
  const turn = u32(a, b, 0, c, d, 0, 0, 0, 0x40000000);
  const duration = time(Math.round(seconds * UNITS), long);
  const times = Buffer.concat([time(1, long), time(1, long), u32(1, 0), duration]);
  const shape = Buffer.concat([turn, u32(size[0] * 65_536, size[1] * 65_536)]);
  const header = box("tkhd", u32(long ? 0x01000003 : 3), times, zeros(16), shape);
  const handler = box("hdlr", u32(0, 0), Buffer.from(kind, "latin1"), zeros(13));
  return box("trak", header, box("mdia", box("mdhd", zeros(24)), handler, box("minf", zeros(64))));
}

interface TrackOptions {
  seconds: number;
  long: boolean;
  matrix: number[];
  size: [number, number];
}

export function mp4(options: FilmOptions = {}): Uint8Array {
  const { width = 1280, height = 720, seconds = 10, rotation = 0, header = "start", bytes = 200_000 } = options;
  const { fragmented = false, sound = false, long = false } = options;
  const picture = { seconds, long, matrix: MATRICES[rotation], size: [width, height] as [number, number] };
  const noise = { seconds: seconds + 5, long, matrix: MATRICES[0], size: [0, 0] as [number, number] };
  const length = Math.round((sound ? noise : picture).seconds * UNITS);
  const times = [time(1, long), time(1, long), u32(UNITS), time(length, long)];
  const movie = box(
    "moov",
    box("mvhd", u32(long ? 0x01000000 : 0), ...times, zeros(80)),
    ...(sound ? [track("soun", noise)] : []),
    track("vide", picture),
    ...(fragmented ? [box("mvex", zeros(16))] : []),
  );
  const type = box("ftyp", Buffer.from("isom\0\0\x02\0isomiso2mp41", "latin1"));
  const pictures = box("mdat", zeros(bytes));
  return Buffer.concat(header === "start" ? [type, movie, pictures] : [type, pictures, movie]);
}

function element(id: number, ...parts: Uint8Array[]): Uint8Array {
  const hex = id.toString(16);
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE((0x01n << 56n) | BigInt(body.length));
  return Buffer.concat([Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"), size, body]);
}

const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};

/** `roll`: the turn of its projection in degrees. `shownWidth`: of pixels that are no squares. `isLive`: streamed, without a length. */
export function webm(options: FilmOptions & { roll?: number; shownWidth?: number; isLive?: boolean } = {}): Uint8Array {
  const { width = 1280, height = 720, seconds = 10, bytes = 200_000, roll = 0, shownWidth, isLive = false } = options;
  const video = element(
    0xe0,
    element(0xb0, u32(width)),
    element(0xba, u32(height)),
    ...(shownWidth === undefined ? [] : [element(0x54b0, u32(shownWidth)), element(0x54ba, u32(height))]),
    ...(roll === 0 ? [] : [element(0x7670, element(0x7675, double(roll)))]),
  );
  const info = element(
    0x1549a966,
    element(0x2ad7b1, u32(1_000_000)),
    ...(isLive ? [] : [element(0x4489, double(seconds * 1000))]),
  );
  const tracks = element(
    0x1654ae6b,
    element(0xae, element(0x83, Buffer.of(2))),
    element(0xae, element(0x83, Buffer.of(1)), video),
  );
  const segment = element(0x18538067, info, tracks, element(0x1f43b675, zeros(bytes)));
  return Buffer.concat([element(0x1a45dfa3, element(0x4282, Buffer.from("webm"))), segment]);
}
