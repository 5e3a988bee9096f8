import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { readImageHeader } from "./image-header.ts";
import { mayBeTransparent } from "./transparency.ts";

const disc = Buffer.from('<svg width="80" height="80"><circle cx="40" cy="40" r="30" fill="#e01010"/></svg>');
const opaque = sharp({ create: { width: 80, height: 80, channels: 3, background: "#7f9fbf" } });

const PICTURES: [string, (of: Sharp) => Sharp][] = [
  ["png", (of) => of.png()],
  ["png with a palette", (of) => of.png({ palette: true })],
  ["lossy webp", (of) => of.webp()],
  ["lossless webp", (of) => of.webp({ lossless: true })],
  ["avif", (of) => of.avif({ effort: 0 })],
];

describe("mayBeTransparent", () => {
  it.each(PICTURES)("tells a cut-out from an opaque picture: %s", async (_, encode) => {
    const transparent = new Uint8Array(await encode(sharp(disc)).toBuffer());
    expect(readImageHeader(transparent)).toMatchObject({ width: 80, height: 80 });
    expect(mayBeTransparent(transparent)).toBe(true);
    expect(mayBeTransparent(new Uint8Array(await encode(opaque.clone()).toBuffer()))).toBe(false);
  });

  it("tells it of a GIF by the flag of its graphic control block", async () => {
    const bytes = new Uint8Array(await sharp(disc).gif().toBuffer());
    expect(mayBeTransparent(bytes)).toBe(true);
    const at = bytes.findIndex((_, n) => bytes[n] === 0x21 && bytes[n + 1] === 0xf9 && bytes[n + 2] === 4);
    bytes[at + 3] = (bytes[at + 3] ?? 0) & 0xfe;
    expect(mayBeTransparent(bytes)).toBe(false);
  });

  it("is false of a JPEG, of nothing and of every beginning that does not tell yet, and never throws", async () => {
    expect(mayBeTransparent(new Uint8Array(await opaque.clone().jpeg().toBuffer()))).toBe(false);
    expect(mayBeTransparent(new Uint8Array(0))).toBe(false);
    for (const [, encode] of PICTURES) {
      const bytes = new Uint8Array(await encode(opaque.clone()).toBuffer());
      for (let length = 0; length < bytes.length; length += 1)
        expect(mayBeTransparent(bytes.subarray(0, length))).toBe(false);
    }
  });
});
