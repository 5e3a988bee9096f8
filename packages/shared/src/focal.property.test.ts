import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Focal, placementFor, readFocal } from "./focal.ts";

const side = fc.integer({ min: 1, max: 8192 });
const size = fc.record({ width: side, height: side });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const point: fc.Arbitrary<Focal> = fc.tuple(share, share);
/** Ratios as sites declare them, of any size. */
const ratio = fc
  .tuple(fc.constantFrom(1, 4 / 3, 3 / 2, 16 / 9, 1.91, 3 / 4, 2 / 3, 9 / 16), fc.integer({ min: 16, max: 2048 }))
  .map(([value, width]) => ({ width, height: Math.max(1, Math.round(width / value)) }));

type Size = { width: number; height: number };
const PLACEMENTS = [null, "left", "right", "top", "bottom"] as const;

/** What a service keeps of the original: intervals of shares of both axes. A placement of the axis that is not cut says nothing. */
function kept(original: Size, crop: Size, placement: (typeof PLACEMENTS)[number]) {
  const scale = Math.max(crop.width / original.width, crop.height / original.height);
  const part = (cropped: number, whole: number, first: string, last: string): [number, number] => {
    const length = cropped / (whole * scale);
    const from = placement === first ? 0 : placement === last ? 1 - length : (1 - length) / 2;
    return [from, from + length];
  };
  return {
    x: part(crop.width, original.width, "left", "right"),
    y: part(crop.height, original.height, "top", "bottom"),
  };
}

/** How far the point is inside what is kept, as a share of the original; below 0 it is not shown. */
function inside([x, y]: Focal, { x: [left, right], y: [top, bottom] }: ReturnType<typeof kept>): number {
  return Math.min(x - left, right - x, y - top, bottom - y);
}

const shareKept = (original: Size, crop: Size) => {
  const { x, y } = kept(original, crop, null);
  return Math.min(x[1] - x[0], y[1] - y[0]);
};
const ROUNDING = 1e-9;

describe("placementFor", () => {
  it.each([["any crop", size] as const, ["crops of declared ratios", ratio] as const])(
    "shows the point whenever at least a third of the cut axis is kept: %s",
    (_, crops) => {
      let judged = 0;
      fc.assert(
        fc.property(point, size, crops, (focal, original, crop) => {
          if (shareKept(original, crop) < 1 / 3) return;
          judged += 1;
          expect(inside(focal, kept(original, crop, placementFor(focal, original, crop)))).toBeGreaterThan(-ROUNDING);
        }),
        { numRuns: 3000 },
      );
      expect(judged).toBeGreaterThan(500);
    },
  );

  it("shows the point as far from the edge of the cut axis as any placement does", () => {
    fc.assert(
      fc.property(point, size, size, (focal, original, crop) => {
        const isWide = crop.width * original.height < crop.height * original.width;
        const depth = (placement: (typeof PLACEMENTS)[number]) => {
          const { x, y } = kept(original, crop, placement);
          return isWide ? Math.min(focal[0] - x[0], x[1] - focal[0]) : Math.min(focal[1] - y[0], y[1] - focal[1]);
        };
        const best = Math.max(...PLACEMENTS.map(depth));
        expect(depth(placementFor(focal, original, crop))).toBeGreaterThan(best - ROUNDING);
      }),
      { numRuns: 3000 },
    );
  });

  it("cannot promise it for less than a third: two gaps are shown by no placement", () => {
    const original = { width: 3100, height: 1000 };
    const crop = { width: 500, height: 500 };
    expect(shareKept(original, crop)).toBeCloseTo(1 / 3.1);
    const seen = PLACEMENTS.map((placement) => inside([0.33, 0.5], kept(original, crop, placement)));
    expect(Math.max(...seen)).toBeLessThan(0);
  });

  it.each([
    [[0.1, 0.5], { width: 300, height: 100 }, { width: 50, height: 50 }, "left"],
    [[0.9, 0.5], { width: 300, height: 100 }, { width: 50, height: 50 }, "right"],
    [[0.5, 0.1], { width: 100, height: 300 }, { width: 50, height: 50 }, "top"],
    [[0.5, 0.9], { width: 100, height: 300 }, { width: 50, height: 50 }, "bottom"],
    [[0.5, 0.9], { width: 300, height: 100 }, { width: 50, height: 50 }, null],
    [[0, 0], { width: 100, height: 100 }, { width: 50, height: 50 }, null],
  ] as const)("%j of %o in %o is %s", (focal, original, crop, placement) => {
    expect(placementFor(focal, original, crop)).toBe(placement);
  });
});

describe("readFocal", () => {
  it.each([
    [
      [0, 1],
      [0, 1],
    ],
    [{ x: 0.25, y: 0.5, height: 1 }, [0.25, 0.5]],
    [[0.5], null],
    [[0.5, 0.5, 0.5], null],
    [[-0.1, 0.5], null],
    [[0.5, 1.1], null],
    [[Number.NaN, 0.5], null],
    [["0.5", 0.5], null],
    [null, null],
    ["0.5,0.5", null],
    [{}, null],
  ])("%j is %j", (value, focal) => {
    expect(readFocal(value)).toEqual(focal);
  });
});
