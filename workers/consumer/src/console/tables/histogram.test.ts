import { expect, it } from "vitest";
import { addTo, EDGES_MS, type Histogram, observeMs, quantile } from "./histogram.ts";

it("finds quantiles within a bucket's width", () => {
  const histogram: Histogram = [];
  for (let ms = 1; ms <= 1_000; ms += 1) observeMs(histogram, ms);
  expect(quantile(histogram, 0.5)).toBe(500);
  expect(quantile(histogram, 0.95)).toBe(950);
  expect(quantile([], 0.5)).toBeNull();
});

it("adds up, and keeps what is beyond the last edge", () => {
  const one: Histogram = [];
  const other: Histogram = [];
  observeMs(one, 10);
  observeMs(other, 10 ** 12);
  addTo(one, other);
  expect(one.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(quantile(one, 1)).toBe(EDGES_MS.at(-1));
});
