import sharp from "sharp";
import { expect, it } from "vitest";
import { drawCode, readCode } from "./picture-code.ts";

const CODE = { image: 1_048_575, version: 7, job: 16_000_000 };

it.each([
  [64, 48, "jpeg"],
  [480, 360, "jpeg"],
  [640, 480, "webp"],
  [160, 120, "avif"],
] as const)("a picture of %i × %i as %s tells its code", async (width, height, format) => {
  const bytes = await drawCode(CODE, { width, height, format });
  expect(await readCode(bytes)).toEqual({ ...CODE, width });
});

it("a picture without a code tells none", async () => {
  const background = { r: 40, g: 120, b: 200 };
  const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background } })
    .jpeg()
    .toBuffer();
  expect(await readCode(bytes)).toBeNull();
});
