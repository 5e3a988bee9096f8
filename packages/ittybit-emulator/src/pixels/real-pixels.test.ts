import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { animatedGif, grain, halves, pixelAt, rotated, transparent } from "../testing/pictures.ts";
import { bytesOf, setup } from "../testing/setup.ts";

const isRed = ([red = 0, , blue = 0]: number[]): boolean => red > 180 && blue < 80;
const isBlue = ([red = 0, , blue = 0]: number[]): boolean => blue > 180 && red < 80;

describe("outputs, decoded", () => {
  it.each([
    ["webp", "webp", "image/webp"],
    ["jpeg", "jpeg", "image/jpeg"],
    ["png", "png", "image/png"],
    ["avif", "heif", "image/avif"],
  ])("format %s", async (format, decoded, contentType) => {
    const { output } = await setup();
    const response = await output({ options: { width: 200, format } });
    expect(response.headers.get("content-type")).toBe(contentType);
    const bytes = await bytesOf(response);
    expect(response.headers.get("content-length")).toBe(String(bytes.byteLength));
    expect(await sharp(bytes).metadata()).toMatchObject({ format: decoded, width: 200, height: 150 });
  });

  it("keeps the input's format when none is asked for, and its size", async () => {
    const { output } = await setup();
    expect(await sharp(await bytesOf(await output())).metadata()).toMatchObject({
      format: "jpeg",
      width: 400,
      height: 300,
    });
  });

  it("applies the EXIF orientation and drops the metadata", async () => {
    const { origin, output } = await setup();
    const original = await rotated();
    const input = origin.put("/rotated.jpg", original);
    const stored = await sharp(original).metadata();
    expect(stored).toMatchObject({ width: 300, height: 400, orientation: 6, exif: expect.any(Buffer) });
    const bytes = await bytesOf(await output({ input, options: { width: 200, format: "jpeg" } }));
    const metadata = await sharp(bytes).metadata();
    expect(metadata).toMatchObject({ width: 200, height: 150 });
    expect([metadata.orientation, metadata.exif, metadata.icc, metadata.xmp]).toEqual(Array(4).fill(undefined));
    expect(isRed(await pixelAt(bytes, 20, 75))).toBe(true);
    expect(isBlue(await pixelAt(bytes, 180, 75))).toBe(true);
  });

  it("takes a percentage of the shown size, not the stored one", async () => {
    const { origin, output } = await setup();
    const input = origin.put("/rotated.jpg", await rotated());
    const bytes = await bytesOf(await output({ input, options: { width: "25%", format: "webp" } }));
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 100, height: 75 });
  });

  it("cover crops to the pair and keeps the aspect", async () => {
    const { output } = await setup();
    const bytes = await bytesOf(await output({ options: { width: 100, height: 100, fit: "cover", format: "png" } }));
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 100, height: 100 });
    expect(isRed(await pixelAt(bytes, 10, 2))).toBe(true);
    expect(isBlue(await pixelAt(bytes, 90, 98))).toBe(true);
  });

  it.each([
    ["left", isRed],
    ["right", isBlue],
    ["top-right", isBlue],
    ["bottom-left", isRed],
  ])("cover keeps what position %s names", async (position, expected) => {
    const { output } = await setup();
    const options = { width: 50, height: 150, fit: "cover", position, format: "png" };
    const bytes = await bytesOf(await output({ options }));
    expect(expected(await pixelAt(bytes, 25, 75))).toBe(true);
  });

  it("contain pads with the background", async () => {
    const { output } = await setup();
    const options = { width: 100, height: 100, fit: "contain", background: "#00ff00", format: "png" };
    const bytes = await bytesOf(await output({ options }));
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 100, height: 100 });
    expect(await pixelAt(bytes, 50, 3)).toEqual([0, 255, 0, 255]);
    expect(isRed(await pixelAt(bytes, 20, 50))).toBe(true);
  });

  it.each([
    ["webp", [0, 0, 0, 0]],
    ["jpeg", [0, 0, 0, 255]],
  ])("contain pads %s as the 2025 pages say: transparent, else black", async (format, expected) => {
    const { output } = await setup();
    const bytes = await bytesOf(await output({ options: { width: 100, height: 200, fit: "contain", format } }));
    const padding = await pixelAt(bytes, 50, 10);
    for (const [channel, value] of expected.entries())
      expect(Math.abs(value - (padding[channel] ?? -99))).toBeLessThan(8);
  });

  it("fill stretches, and is what a pair without fit gets", async () => {
    const { output } = await setup();
    const named = await bytesOf(await output({ options: { width: 60, height: 200, fit: "fill", format: "png" } }));
    const unnamed = await bytesOf(await output({ options: { width: 60, height: 200, format: "png" } }));
    expect(isRed(await pixelAt(named, 2, 2)) && isBlue(await pixelAt(named, 57, 197))).toBe(true);
    expect(unnamed.equals(named)).toBe(true);
  });

  it("each quality level is larger than the one below", async () => {
    const { origin, output } = await setup();
    const input = origin.put("/grain.png", await grain(200, 200));
    for (const format of ["webp", "jpeg", "avif"]) {
      const sizes: number[] = [];
      for (const quality of ["very_low", "low", "medium", "high", "very_high"]) {
        sizes.push((await bytesOf(await output({ input, options: { format, quality } }))).byteLength);
      }
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
      expect(new Set(sizes).size).toBe(5);
    }
  });

  it("enlarges unless told to clamp", async () => {
    const { emulator, output } = await setup();
    const options = { width: 800, format: "webp" };
    expect(await sharp(await bytesOf(await output({ options }))).metadata()).toMatchObject({ width: 800, height: 600 });
    emulator.control.configure({ clampEnlarge: true });
    expect(await sharp(await bytesOf(await output({ options }))).metadata()).toMatchObject({ width: 400, height: 300 });
  });

  it("keeps transparency where the format can", async () => {
    const { origin, output } = await setup();
    const input = origin.put("/clear.png", await transparent(40, 40));
    const bytes = await bytesOf(await output({ input, options: { format: "webp" } }));
    expect((await pixelAt(bytes, 20, 20))[3]).toBe(0);
  });

  it("makes black of what is transparent in a JPEG, with contain and a background too", async () => {
    const { origin, output } = await setup();
    const input = origin.put("/clear.png", await transparent(40, 40));
    const pair = { width: 40, height: 60, format: "jpeg" };
    for (const options of [
      { format: "jpeg" },
      { ...pair, fit: "cover" },
      { ...pair, fit: "contain", background: "#ffffff" },
    ]) {
      const [red = 255, green = 255, blue = 255] = await pixelAt(
        await bytesOf(await output({ input, options })),
        20,
        25,
      );
      expect(Math.max(red, green, blue)).toBeLessThan(8);
    }
  });

  it("gives one frame of an animation as kind image, all of them as kind animation", async () => {
    const { origin, output } = await setup();
    const input = origin.put("/moving.gif", await animatedGif());
    const still = await bytesOf(await output({ input, options: { format: "webp", width: 30 } }));
    const moving = await bytesOf(await output({ input, kind: "animation", options: { format: "webp", width: 30 } }));
    expect((await sharp(still).metadata()).pages ?? 1).toBe(1);
    expect(await sharp(moving).metadata()).toMatchObject({ pages: 2, width: 30, height: 20 });
  });

  it("downloads its input for every job, at the same time too, and encodes once per bytes and options", async () => {
    const { origin, photo, output } = await setup();
    const make = async () => bytesOf(await output({ options: { width: 80, format: "png" } }));
    const [first, again] = await Promise.all([make(), make()]);
    expect((await make()).equals(first) && again.equals(first)).toBe(true);
    expect(origin.hits.get("/photo.jpg")).toBe(3);
    origin.put("/photo.jpg", await halves(400, 100));
    const replaced = await bytesOf(await output({ input: photo, options: { width: 80, format: "png" } }));
    expect(await sharp(replaced).metadata()).toMatchObject({ width: 80, height: 20 });
  });
});
