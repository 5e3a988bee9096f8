import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { orientedSize, readImageHeader, sniffType } from "./image-header.ts";
import type { ImageHeader } from "./image-header-type.ts";

const WIDTH = 120;
const HEIGHT = 50;

function photo(alpha = false): Sharp {
  const background = alpha ? { r: 10, g: 90, b: 200, alpha: 0.5 } : { r: 10, g: 90, b: 200 };
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: alpha ? 4 : 3, background } });
}

async function bytesOf(image: Sharp): Promise<Uint8Array> {
  return new Uint8Array(await image.toBuffer());
}

/** Two differing frames, so that no encoder makes one of them. */
const frames = await Promise.all(
  ["#f00", "#0f0", "#00f"].map((background) =>
    sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background } })
      .png()
      .toBuffer(),
  ),
);

function film(): Sharp {
  return sharp(frames, { join: { animated: true } });
}

function chunk(name: string, payload: number[]): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length); // the reader needs no checksum
  new DataView(bytes.buffer).setUint32(0, payload.length);
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(payload, 8);
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

const still = { width: WIDTH, height: HEIGHT, frames: 1, orientation: 1, settled: true };

describe("readImageHeader", () => {
  it.each<[string, () => Sharp, Partial<ImageHeader>]>([
    ["a baseline JPEG", () => photo().jpeg(), { type: "jpeg" }],
    ["a progressive JPEG", () => photo().jpeg({ progressive: true }), { type: "jpeg" }],
    [
      "a CMYK JPEG with a colour profile before the frame",
      () => photo().toColourspace("cmyk").withIccProfile("cmyk").jpeg(),
      { type: "jpeg" },
    ],
    ["a grey JPEG", () => photo().greyscale().jpeg(), { type: "jpeg" }],
    [
      "a JPEG lying on its side",
      () => photo().withMetadata({ orientation: 6 }).jpeg(),
      { type: "jpeg", orientation: 6 },
    ],
    ["a PNG", () => photo().png(), { type: "png" }],
    ["an interlaced PNG with a palette", () => photo(true).png({ progressive: true, palette: true }), { type: "png" }],
    ["a turned PNG", () => photo().withMetadata({ orientation: 3 }).png(), { type: "png", orientation: 3 }],
    ["a lossy WebP", () => photo().webp(), { type: "webp" }],
    ["a lossless WebP", () => photo().webp({ lossless: true }), { type: "webp" }],
    ["an extended WebP with alpha", () => photo(true).webp(), { type: "webp" }],
    ["a turned WebP", () => photo().withMetadata({ orientation: 8 }).webp(), { type: "webp", orientation: 8 }],
    ["an AVIF", () => photo().avif(), { type: "avif" }],
    ["an AVIF with alpha, whose plane has a size of its own", () => photo(true).avif(), { type: "avif" }],
    ["a GIF", () => photo().gif(), { type: "gif" }],
    ["an animated GIF", () => film().gif(), { type: "gif", frames: 3 }],
    ["an animated WebP", () => film().webp(), { type: "webp", frames: 3 }],
  ])("reads %s", async (_name, make, expected) => {
    expect(readImageHeader(await bytesOf(make()))).toEqual({ ...still, ...expected });
  });

  it("reads the size out of the first 64 kB of a large photograph", async () => {
    const raw = Uint8Array.from({ length: 1000 * 800 * 3 }, (_, at) => (at * at * 31) >>> 3);
    const bytes = await bytesOf(sharp(raw, { raw: { width: 1000, height: 800, channels: 3 } }).jpeg({ quality: 100 }));
    expect(bytes.length).toBeGreaterThan(500_000);
    expect(readImageHeader(bytes.subarray(0, 65_536))).toMatchObject({ width: 1000, height: 800 });
  });

  it("tells an animated PNG by its acTL, and one of a single frame as a still", async () => {
    const bytes = await bytesOf(photo().png());
    const withFrames = (frames: number) =>
      joined(bytes.subarray(0, 33), chunk("acTL", [0, 0, 0, frames, 0, 0, 0, 0]), bytes.subarray(33));
    expect(readImageHeader(withFrames(7))).toMatchObject({ frames: 7, settled: true });
    expect(readImageHeader(withFrames(1))).toMatchObject({ frames: 1, settled: true });
  });

  it("says that a PNG cut before its pixels may still turn out to move", async () => {
    const bytes = await bytesOf(photo().png());
    expect(readImageHeader(bytes.subarray(0, 34))).toMatchObject({ width: WIDTH, settled: false });
  });

  it("says that a GIF cut within its first frame may still turn out to move, unless it announces a loop", async () => {
    const plain = await bytesOf(photo().gif());
    expect(readImageHeader(plain.subarray(0, plain.length - 4))).toMatchObject({ frames: 1, settled: false });
    const moving = await bytesOf(film().gif({ loop: 0 }));
    const loop = Buffer.from(moving).indexOf("NETSCAPE2.0");
    expect(readImageHeader(moving.subarray(0, loop + 40))).toMatchObject({ frames: 2, settled: true });
  });

  it("reads a portrait photograph the way a viewer sees it", async () => {
    const header = readImageHeader(await bytesOf(photo().withMetadata({ orientation: 6 }).jpeg()));
    expect(header === null ? null : orientedSize(header)).toEqual({ width: HEIGHT, height: WIDTH });
  });

  it("agrees with sharp on every orientation", async () => {
    for (let orientation = 1; orientation <= 8; orientation += 1) {
      const bytes = await bytesOf(photo().withMetadata({ orientation }).jpeg());
      const header = readImageHeader(bytes);
      const { autoOrient } = await sharp(bytes).metadata();
      expect(header && orientedSize(header)).toEqual({ width: autoOrient.width, height: autoOrient.height });
    }
  });

  it("gives up, without a wrong answer, on every cut of every type", async () => {
    const makers = [
      photo().jpeg(),
      photo(true).png(),
      photo(true).webp(),
      photo().webp({ lossless: true }),
      photo(true).avif(),
      photo().gif(),
    ];
    for (const maker of makers) {
      const bytes = await bytesOf(maker);
      for (let length = 0; length < bytes.length; length += 1) {
        const header = readImageHeader(bytes.subarray(0, length));
        if (header !== null) expect(header).toMatchObject({ width: WIDTH, height: HEIGHT });
      }
    }
  });
});

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

describe("sniffType", () => {
  it.each<[string, Uint8Array, string | null]>([
    ["SVG", text('<svg xmlns="http://www.w3.org/2000/svg"/>'), "svg"],
    [
      "SVG behind an XML declaration and a comment",
      text('\n<?xml version="1.0"?><!-- by hand --><svg width="1">'),
      "svg",
    ],
    ["SVG behind a byte order mark", joined(new Uint8Array([0xef, 0xbb, 0xbf]), text("<svg >")), "svg"],
    ["HTML", text("<!DOCTYPE html><html><body>404</body></html>"), "html"],
    ["HTML without a doctype", text("  <html lang=en>"), "html"],
    ["BMP", joined(text("BM"), new Uint8Array(24)), "bmp"],
    ["ICO", joined(new Uint8Array([0, 0, 1, 0, 2, 0]), new Uint8Array(32)), "ico"],
    ["JSON", text('{"error":"not found"}'), null],
    ["nothing", new Uint8Array(0), null],
    ["an MP4", joined(new Uint8Array([0, 0, 0, 24]), text("ftypisom\0\0\0\0isommp42")), null],
  ])("names %s", (_name, bytes, expected) => {
    expect(sniffType(bytes)).toBe(expected);
  });

  it("names TIFF, whose size is not read", async () => {
    const bytes = await bytesOf(photo().tiff());
    expect(readImageHeader(bytes)).toEqual({ ...still, type: "tiff", width: 0, height: 0 });
  });
});
