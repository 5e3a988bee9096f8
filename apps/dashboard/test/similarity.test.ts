import { expect, it } from "vitest";
import { centreCrop, EDGE, similarity } from "../src/lib/similarity.ts";

/** A picture of EDGE × EDGE pixels. */
function picture(colour: (x: number, y: number) => readonly [number, number, number]): Uint8ClampedArray {
  const data = new Uint8ClampedArray(EDGE * EDGE * 4);
  for (let y = 0; y < EDGE; y += 1)
    for (let x = 0; x < EDGE; x += 1) data.set([...colour(x, y), 255], (y * EDGE + x) * 4);
  return data;
}

/** Something with edges and colours. */
const scene = (x: number, y: number) =>
  [128 + 100 * Math.sin(x / 3), 128 + 100 * Math.sin(y / 4), 128 + 100 * Math.sin((x + y) / 6)] as const;
const original = picture(scene);

it("is 1 for the same picture, and less the more it differs", () => {
  const noise = picture((x, y) => {
    const [r, g, b] = scene(x, y);
    const more = ((x * 7 + y * 13) % 5) * 3;
    return [r + more, g + more, b + more];
  });
  const washed = picture(
    (x, y) => scene(x, y).map((one) => 128 + (one - 128) / 3) as unknown as [number, number, number],
  );
  const moved = picture((x, y) => scene(x + 12, y + 9));
  const scores = [original, noise, washed, moved].map((one) => similarity(original, one));
  expect(scores[0]).toBeCloseTo(1);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores[1]).toBeGreaterThan(0.9);
  expect(scores[2]).toBeLessThan(0.75);
  expect(scores[3]).toBeLessThan(0.3);
});

it("sees a colour that is gone, although the brightness is the same", () => {
  const grey = picture((x, y) => {
    const mean = scene(x, y).reduce((sum, one) => sum + one, 0) / 3;
    return [mean, mean, mean];
  });
  expect(similarity(original, grey)).toBeLessThan(0.8);
});

it("compares a cropped variant with the part of the original that a crop by the centre keeps", () => {
  expect(centreCrop({ width: 300, height: 200 }, { width: 50, height: 50 })).toEqual([50, 0, 200, 200]);
  expect(centreCrop({ width: 200, height: 300 }, { width: 20, height: 10 })).toEqual([0, 100, 200, 100]);
  expect(centreCrop({ width: 300, height: 200 }, { width: 30, height: 20 })).toEqual([0, 0, 300, 200]);
});
