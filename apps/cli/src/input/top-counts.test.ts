import { expect, it } from "vitest";
import { createTopCounts } from "./top-counts.ts";

it("counts what fits exactly, the most frequent first", () => {
  const counts = createTopCounts(10);
  for (const text of ["b", "a", "b", "c", "a", "b"]) counts.add(text);
  expect(counts.top(2)).toEqual([
    ["b", 3],
    ["a", 2],
  ]);
  expect(counts.isRough).toBe(false);
});

it("keeps the frequent ones among a million rare ones", () => {
  const counts = createTopCounts(1000);
  for (let n = 0; n < 1_000_000; n += 1) counts.add(n % 100 < 30 ? `frequent ${n % 10}` : `rare ${n}`);
  const top = counts.top(10);
  expect(counts.isRough).toBe(true);
  expect(top.map(([text]) => text).toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `frequent ${n}`));
  for (const [, count] of top) expect(count).toBe(30_000);
});
