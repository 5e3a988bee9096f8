import { describe, expect, it } from "vitest";
import { defineConfig } from "../config.ts";
import { type BeforeWork, outlookOf, variantsPerImage, warmingJobs } from "./outlook.ts";

const outlook = (more: Partial<BeforeWork> = {}) =>
  outlookOf({ jobs: 1000, ahead: 0, left: 5000, perMonth: 8000, perSecond: 20, per1000Jobs: 0.1, ...more });

describe("outlookOf", () => {
  it("says money and time of work that the month's budget allows", () => {
    expect(outlook()).toMatchObject({ ittybit: 0.1, seconds: 50, thisMonth: 1000, months: 1 });
    expect(outlook().cloudflareUsd).toBeCloseTo(0.014, 4);
  });

  it("counts what waits already: it is made first, and uses the budget first", () => {
    expect(outlook({ ahead: 4500 })).toMatchObject({ seconds: 275, thisMonth: 500, months: 2 });
    expect(outlook({ ahead: 20_000 })).toMatchObject({ thisMonth: 0, months: 3 });
  });

  it("counts the months until the last job is sent", () => {
    expect(outlook({ jobs: 13_000 })).toMatchObject({ thisMonth: 5000, months: 2 });
    expect(outlook({ jobs: 13_001 })).toMatchObject({ thisMonth: 5000, months: 3 });
    // docs/cost.md: 110 whole months; what is left of this one is spent already.
    expect(outlook({ jobs: 8_800_000, left: 0, perMonth: 80_000 })).toMatchObject({ thisMonth: 0, months: 111 });
  });

  it("has no months where no budget ever allows it, and one where there is no limit", () => {
    expect(outlook({ left: 0, perMonth: 0 })).toMatchObject({ thisMonth: 0, months: null });
    expect(outlook({ left: null, perMonth: null, jobs: 1e7 })).toMatchObject({ thisMonth: 1e7, months: 1 });
  });

  it("says no time without a rate, and no fee without a price", () => {
    expect(outlook({ perSecond: null, per1000Jobs: null })).toMatchObject({ seconds: null, ittybit: null });
    expect(outlook({ perSecond: 0 })).toMatchObject({ seconds: null });
  });
});

it("knows a recipe's variants and a month's jobs from the configuration alone", () => {
  const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] });
  expect([variantsPerImage(config, "upload"), variantsPerImage(config, "none"), warmingJobs(config)]).toEqual([
    11, 0, 80_000,
  ]);
  expect(warmingJobs(defineConfig({ sources: config.sources, budget: { month: null } }))).toBeNull();
});
