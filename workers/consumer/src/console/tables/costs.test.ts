import fc from "fast-check";
import { expect, it } from "vitest";
import { addCost, addToDay, areMany, type Costs, type Places } from "./costs.ts";

const jobsOf = (places: Places, dimension: string) =>
  Object.entries(places).reduce((sum, [place, [jobs]]) => sum + (place.startsWith(`${dimension} `) ? jobs : 0), 0);

const folder = fc.array(fc.constantFrom("a/", "b/", "c/"), { maxLength: 6 }).map((parts) => parts.join(""));
const cost = fc.record({
  folder: fc.oneof(
    folder,
    fc.nat(2_000).map((n) => `a/${n}/`),
  ),
  jobs: fc.integer({ min: -1, max: 3 }),
});

it("a day keeps the sum of every dimension, and 300 names of each at most", () => {
  fc.assert(
    fc.property(fc.array(fc.array(cost, { maxLength: 400 }), { maxLength: 4 }), (batches) => {
      const day: Places = {};
      for (const batch of batches) {
        const costs: Costs = {};
        for (const one of batch) addCost(costs, "2026-11-24", `folder ${one.folder}`, [one.jobs, 0, 0]);
        addToDay(day, costs["2026-11-24"] ?? {});
      }
      expect(jobsOf(day, "folder")).toBe(batches.flat().reduce((sum, { jobs }) => sum + jobs, 0));
      // One more for what has no folder above it that has a row.
      expect(Object.keys(day).length).toBeLessThanOrEqual(301);
    }),
    { numRuns: 60 },
  );
});

it("a folder too many counts for the folder above it, and its refund too", () => {
  const day: Places = { "folder shop/": [1, 0, 0], "width 400": [1, 0, 0] };
  for (let n = 1; n < 300; n += 1) day[`folder f${n}/`] = [1, 0, 0];
  addToDay(day, { "folder shop/2026/red/": [2, 1, 50], "folder other/": [1, 0, 0], "width 800": [1, 0, 0] });
  addToDay(day, { "folder shop/2026/red/": [-1, 0, 0] });
  expect(day["folder shop/"]).toEqual([2, 1, 50]);
  expect(day["folder "]).toEqual([1, 0, 0]);
  expect(day["width 800"]).toEqual([1, 0, 0]);
});

it("the minute's document is not asked to hold more than 300 places", () => {
  const costs: Costs = {};
  for (let n = 0; n < 300; n += 1) addCost(costs, "2026-11-24", `run ${n}`, [1, 0, 0]);
  expect(areMany(costs)).toBe(false);
  addCost(costs, "2026-11-25", "run 1", [1, 0, 0]);
  expect(areMany(costs)).toBe(true);
});
