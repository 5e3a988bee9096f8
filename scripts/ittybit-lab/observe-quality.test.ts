import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { QUALITIES } from "../../packages/shared/src/config.ts";
import { emulator, examine, serve } from "./lab-world.ts";
import { nearestWord } from "./observe-quality.ts";
import { readLuma } from "./png.ts";
import { ssim } from "./ssim.ts";

const NOISE = { type: "gaussian", mean: 128, sigma: 40 } as const;

/** Soft spots: as a photo it has neither edges nor one colour only. */
const photo = (width = 640, height = 480) =>
  sharp({ create: { width, height, channels: 3, background: "#888", noise: NOISE } })
    .blur(3)
    .normalise();

describe("a PNG", () => {
  it.each([
    ["grey", (one: Sharp) => one.greyscale()],
    ["RGB", (one: Sharp) => one],
    ["RGB and alpha", (one: Sharp) => one.ensureAlpha(0.5)],
  ])("of %s is read as another decoder reads it", async (_what, change) => {
    const png = await change(photo(50, 30)).png({ adaptiveFiltering: true }).toBuffer();
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const luma = readLuma(png);
    const expected = Array.from({ length: 1_500 }, (_, pixel) => {
      const [r = 0, g = 0, b = 0] = data.subarray(pixel * info.channels);
      return info.channels === 1 ? r : 0.299 * r + 0.587 * g + 0.114 * b;
    });
    expect([luma?.width, luma?.height]).toEqual([50, 30]);
    expect(luma?.values.every((value, at) => Math.abs(value - (expected[at] ?? 0)) < 1e-9)).toBe(true);
  });

  it("of another kind is not read, nor is what is none", async () => {
    expect(readLuma(await photo(50, 30).png({ palette: true }).toBuffer())).toBeNull();
    expect(readLuma(await photo(50, 30).jpeg().toBuffer())).toBeNull();
    expect(readLuma(new Uint8Array(3))).toBeNull();
  });
});

it("SSIM is 1 of the same picture, and less the more it differs", async () => {
  const png = await photo().png().toBuffer();
  const like = async (quality: number) =>
    readLuma(
      await sharp(await sharp(png).jpeg({ quality }).toBuffer())
        .png()
        .toBuffer(),
    );
  const [same, good, bad] = await Promise.all([readLuma(png), like(90), like(5)]);
  if (same === null || good === null || bad === null) throw new Error("a PNG was not read");
  expect(ssim(same, same)).toBeCloseTo(1, 9);
  expect(ssim(same, good)).toBeGreaterThan(ssim(same, bad) + 0.01);
});

it("the nearest word is another one only where that gains something", () => {
  const words = { very_low: 0.9, low: 0.94, medium: 0.962, high: 0.976, very_high: 0.99 };
  expect(nearestWord(words, "low", 0.962)).toBe("medium");
  expect(nearestWord(words, "high", 0.978)).toBe("high");
  expect(nearestWord(words, "low", 0.9515)).toBe("low");
});

it("with --quality the check tells what each word means in each format, and the words that make them alike", async () => {
  const { apiUrl, control } = await emulator();
  const bytes = await photo().jpeg({ quality: 95 }).toBuffer();
  const url = await serve(
    (request, response) => void response.writeHead(request.url === "/a.jpg" ? 200 : 404).end(bytes),
  );
  const { code, lines, stdout } = await examine(
    { ITTYBIT_API_URL: apiUrl },
    ["--quality", "--within", "10h"],
    `${url}/a.jpg`,
  );
  expect(stdout).not.toContain("not seen");
  const rows = QUALITIES.map((word) => {
    const row = new RegExp(`quality ${word} +avif (0\\.\\d+), webp (0\\.\\d+), jpeg (0\\.\\d+)`).exec(stdout) ?? [];
    return row.slice(1).map(Number);
  });
  for (const format of [0, 1, 2]) {
    const measured = rows.map((row) => row[format] ?? Number.NaN);
    expect(measured).toEqual(measured.toSorted((a, b) => a - b));
    expect(Math.min(...measured)).toBeGreaterThan(0.2);
  }
  expect([code, control.stats().createdJobs]).toEqual([0, 6 + 31]);
  expect(lines.at(-1)).toMatch(/ittybit: \{ qualities: \{ avif: \{ .*"(very_low|low|medium|high|very_high)" .*\} \}/);
}, 60_000);
