import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilmFault } from "./film.ts";
import { readFilm } from "./read-film.ts";
import { type FilmOptions, mp4, webm } from "./testing/films.ts";

const size = { width: 1280, height: 720 };

/** Reads as a server of ranges answers; counts its reads. */
async function read(bytes: Uint8Array, total = bytes.length) {
  let reads = 0;
  const film = await readFilm(async (from, length) => {
    reads += 1;
    return bytes.subarray(from, from + length);
  }, total);
  return { ...film, reads };
}

describe("a film", () => {
  it.each<[string, Uint8Array, object]>([
    ["an MP4 with its header first", mp4(), { ...size, seconds: 10, rotation: 0, reads: 4 }],
    ["an MP4 with its header at the end", mp4({ header: "end" }), { ...size, seconds: 10 }],
    ["an MP4 with numbers of 64 bits", mp4({ long: true, seconds: 4 }), { ...size, seconds: 4 }],
    ["an MP4 whose sound goes on for longer", mp4({ sound: true, seconds: 3 }), { ...size, seconds: 3 }],
    ["a film turned by 90°", mp4({ rotation: 90 }), { width: 720, height: 1280, rotation: 90 }],
    ["a film turned by 180°", mp4({ rotation: 180 }), { ...size, rotation: 180 }],
    ["a film turned by 270°", mp4({ rotation: 270 }), { width: 720, height: 1280, rotation: 270 }],
    ["a WebM", webm({ seconds: 2.5 }), { ...size, seconds: 2.5, rotation: 0 }],
  ])("is read: %s", async (_, bytes, expected) => {
    const film = await read(bytes);
    const { reads: most = 5, ...shape } = expected as { reads?: number };
    expect(film).toMatchObject(shape);
    expect(film.reads).toBeLessThanOrEqual(most);
  });

  it("of a gigabyte needs as few bytes as a short one", async () => {
    const start = mp4({ bytes: 0, header: "end" });
    const movie = start.subarray(36);
    const type = start.subarray(0, 28);
    const pictures = 1e9;
    const head = Buffer.concat([type, Buffer.from([0x3b, 0x9a, 0xca, 0x08]), Buffer.from("mdat")]);
    let bytesRead = 0;
    const film = await readFilm(
      async (from, length) => {
        bytesRead += length;
        const part = new Uint8Array(length);
        for (let n = 0; n < length; n += 1) {
          const at = from + n;
          part[n] = (at < 36 ? head[at] : at < 36 + pictures ? 0 : movie[at - 36 - pictures]) ?? 0;
        }
        return part;
      },
      36 + pictures + movie.length,
    );
    expect(film).toMatchObject(size);
    expect(bytesRead).toBeLessThan(200_000);
  });

  it.each<[string, Uint8Array, string]>([
    ["cut off in its pictures", mp4().slice(0, -1), "cut off"],
    ["cut off before its header", mp4({ header: "end" }).slice(0, -10), "cut off"],
    ["fragmented", mp4({ fragmented: true }), "fragmented"],
    ["mirrored", mp4({ rotation: "mirrored" }), "mirrored"],
    ["without a length", mp4({ seconds: 0 }), "how long"],
    ["without pictures", mp4({ width: 0 }), "how large"],
    ["a WebM that is cut off", webm().slice(0, -1), "cut off"],
    ["a WebM of a live stream", webm({ isLive: true }), "how long"],
    ["a WebM that is turned", webm({ roll: 90 }), "turned"],
    ["a WebM whose pixels are no squares", webm({ shownWidth: 1707 }), "no squares"],
    ["a picture", Buffer.from("\xff\xd8\xff\xe0 and so on", "latin1"), "no film"],
    ["a page", Buffer.from("<!doctype html><title>404</title>"), "no film"],
    ["too short", Buffer.from("ftyp"), "cut off"],
  ])("is refused: %s", async (_, bytes, message) => {
    const error = await read(bytes).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(FilmFault);
    expect(error.message).toContain(message);
  });

  it("that is cut off anywhere is refused, wherever its header stands", async () => {
    const films: FilmOptions[] = [{ header: "start" }, { header: "end" }, { long: true, sound: true }];
    for (const bytes of [...films.map((film) => mp4({ ...film, bytes: 500 })), webm({ bytes: 500 })])
      for (let length = 8; length < bytes.length; length += 7)
        await expect(read(bytes.slice(0, length)), `${length}`).rejects.toBeInstanceOf(FilmFault);
  });

  it("with damaged bytes is read or refused, by at most 24 reads", async () => {
    const films = [mp4({ bytes: 300 }), mp4({ header: "end", sound: true, bytes: 300 }), webm({ bytes: 300 })];
    const damage = fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...films), damage, async (film, changes) => {
        const bytes = Buffer.from(film);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        const seen = await read(bytes).catch((error) => error);
        if (seen instanceof Error) expect(seen).toBeInstanceOf(FilmFault);
        else expect(seen.reads).toBeLessThanOrEqual(24);
      }),
      { numRuns: 500 },
    );
  });
});
