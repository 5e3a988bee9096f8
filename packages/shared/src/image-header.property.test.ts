import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { readImageHeader, sniffType } from "./image-header.ts";
import type { ImageHeader } from "./image-header-type.ts";
import { growthOf, LINEAR_MAX } from "./testing/slowness.ts";

const STARTS = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  [...new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8X")],
  [...new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8 ")],
  [...new TextEncoder().encode("GIF89a")],
  [0, 0, 0, 16, ...new TextEncoder().encode("ftypavif\0\0\0\0avif")],
  [
    0,
    0,
    0,
    16,
    ...new TextEncoder().encode("ftypavif\0\0\0\0avif"),
    0,
    0,
    1,
    0,
    ...new TextEncoder().encode("meta\0\0\0\0"),
  ],
  [...new TextEncoder().encode("II*\0")],
];

/** Whatever comes out, it is a header that makes sense. */
function expectSane(header: ImageHeader | null): void {
  if (header === null) return;
  expect(Number.isInteger(header.width) && header.width >= 0).toBe(true);
  expect(Number.isInteger(header.height) && header.height >= 0).toBe(true);
  expect(header.frames).toBeGreaterThanOrEqual(1);
  expect(header.orientation).toBeGreaterThanOrEqual(1);
  expect(header.orientation).toBeLessThanOrEqual(8);
}

describe("readImageHeader on hostile bytes", () => {
  let real: Uint8Array[] = [];
  beforeAll(async () => {
    const image = () =>
      sharp({
        create: { width: 33, height: 21, channels: 4, background: { r: 1, g: 2, b: 3, alpha: 0.5 } },
      }).withMetadata({ orientation: 6 });
    const formats = ["jpeg", "png", "webp", "avif", "gif", "tiff"] as const;
    real = await Promise.all(formats.map(async (format) => new Uint8Array(await image().toFormat(format).toBuffer())));
  });

  it("never throws on random bytes behind a known start", () => {
    const bytes = fc.tuple(fc.constantFrom(...STARTS), fc.uint8Array({ maxLength: 400 }));
    fc.assert(
      fc.property(bytes, ([start, rest]) => {
        const all = new Uint8Array([...start, ...rest]);
        sniffType(all);
        expectSane(readImageHeader(all));
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws on real images with bytes changed, cut or repeated", () => {
    const change = fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff) });
    const cases = fc.record({
      which: fc.nat(5),
      changes: fc.array(change, { maxLength: 8 }),
      cut: fc.nat(),
      twice: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ which, changes, cut, twice }) => {
        const image = real[which] ?? new Uint8Array(0);
        const bytes = new Uint8Array(twice ? [...image, ...image] : image);
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        expectSane(readImageHeader(bytes.subarray(0, cut % (bytes.length + 1))));
      }),
      { numRuns: 3000 },
    );
  });

  it("takes time in proportion to the bytes, however they are arranged", () => {
    const shapes = [
      (bytes: Uint8Array) => bytes.fill(0xff, 2), // fill bytes before a JPEG marker that never comes
      (bytes: Uint8Array) => bytes.fill(0x00, 33), // PNG chunks of length 0
      (bytes: Uint8Array) => bytes.fill(0x21, 13), // GIF extensions
      (bytes: Uint8Array) => bytes.fill(0x2c, 13), // GIF frames
    ];
    const imagesOf = (size: number) =>
      STARTS.flatMap((start) =>
        shapes.map((shape) => {
          const bytes = new Uint8Array(size);
          bytes.set(start);
          shape(bytes.subarray(start.length));
          return bytes;
        }),
      );
    const growth = growthOf((times) => {
      const images = imagesOf(times * 250_000);
      for (const image of images) expectSane(readImageHeader(image));
      return () => {
        for (const image of images) readImageHeader(image);
      };
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });
});
