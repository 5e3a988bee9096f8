import type { Transform } from "@prewarm/shared/transform";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobOptions } from "./job-order.ts";

function transform(width: number | null, height: number | null): Transform {
  const fit = width !== null && height !== null ? "cover" : null;
  return { width, height, fit, pos: null, quality: "high", format: "webp" };
}

const side = fc.integer({ min: 1, max: 8192 });
const asked = fc.option(side);

describe("jobOptions", () => {
  it("sends fit with a pair only", () => {
    expect(jobOptions(transform(400, 300), null)).toEqual({
      width: 400,
      height: 300,
      fit: "cover",
      format: "webp",
      quality: "high",
    });
    expect(jobOptions(transform(400, null), null)).toEqual({ width: 400, format: "webp", quality: "high" });
    expect(jobOptions(transform(null, null), null)).toEqual({ format: "webp", quality: "high" });
  });

  it("says what a crop keeps, where that is not the centre", () => {
    expect(jobOptions({ ...transform(400, 400), pos: "top" }, null)).toMatchObject({ fit: "cover", position: "top" });
  });

  it("keeps what shows the focal point, unless the URL says what to keep or nothing is cut", () => {
    const original = { width: 3000, height: 1000 };
    const position = (of: Transform, size: typeof original | null = original) =>
      jobOptions(of, size, [0.05, 0.5]).position;
    expect(position(transform(400, 400))).toBe("left");
    expect(position({ ...transform(400, 400), pos: "right" })).toBe("right");
    expect(position({ ...transform(400, 400), fit: "contain" })).toBeUndefined();
    expect(position(transform(400, null))).toBeUndefined();
    expect(position(transform(600, 200))).toBeUndefined();
    // Of an original whose size is not known nobody can say what is cut.
    expect(position(transform(400, 400), null)).toBeUndefined();
  });

  it("never asks for more than the original has, nor for less than one pixel", () => {
    fc.assert(
      fc.property(asked, asked, side, side, (width, height, originalWidth, originalHeight) => {
        const original = { width: originalWidth, height: originalHeight };
        const options = jobOptions(transform(width, height), original);
        for (const [given, most] of [
          [options.width, originalWidth],
          [options.height, originalHeight],
        ] as const) {
          if (given === undefined) continue;
          expect(given).toBeGreaterThanOrEqual(1);
          expect(given).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it("keeps a pair's shape", () => {
    expect(jobOptions(transform(2000, 1000), { width: 500, height: 4000 })).toMatchObject({ width: 500, height: 250 });
    expect(jobOptions(transform(400, 300), { width: 4000, height: 3000 })).toMatchObject({ width: 400, height: 300 });
  });
});
