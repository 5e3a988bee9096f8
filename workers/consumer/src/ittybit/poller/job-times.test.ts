import { describe, expect, it } from "vitest";
import { endedBy, overMs, worthMs } from "./job-times.ts";

/** Jobs take anything between these, all alike. */
const between = (least: number, most: number) => (q: number) => least + q * (most - least);

describe("endedBy", () => {
  it("is the share of jobs that took no longer", () => {
    const ended = endedBy(between(400, 3_600));
    expect(ended(0)).toBe(0);
    expect(ended(400)).toBe(0);
    expect(ended(2_000)).toBeCloseTo(0.5);
    expect(ended(3_000)).toBeCloseTo(0.8125);
  });

  it("nears 1 for those that take longer than nearly all, and never decreases", () => {
    const ended = endedBy(between(400, 3_600));
    const shares = Array.from({ length: 100 }, (_, n) => ended(100 * n));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(ended(4_500)).toBeGreaterThan(0.99);
    expect(ended(1e9)).toBe(1);
  });

  it("is a step where all jobs take the same time", () => {
    const ended = endedBy(() => 2_000);
    expect(ended(1_999)).toBe(0);
    expect(ended(2_000)).toBeGreaterThanOrEqual(0.95);
  });
});

describe("overMs", () => {
  const ended = endedBy(between(400, 3_600));

  it("of a job in the middle grows with the square of the time since it was seen open", () => {
    // Of the 1,600 ms that are left after 2 s, 100 pass: a sixteenth of such jobs ended, on average 50 ms ago.
    expect(overMs(ended, 2_000, 2_100)).toBeCloseTo(100 / 16 / 2, 1);
    expect(overMs(ended, 2_000, 2_400)).toBeCloseTo(16 * overMs(ended, 2_000, 2_100), 1);
  });

  it("of a job that has surely ended is the time since it was seen open, nearly", () => {
    expect(overMs(ended, 3_600, 6_000)).toBeGreaterThan(1_900);
    expect(overMs(ended, 3_600, 6_000)).toBeLessThanOrEqual(2_400);
    expect(overMs(ended, 1e9, 1e9 + 600)).toBe(500);
  });

  it("of a job that is too young is nothing", () => {
    expect(overMs(ended, 0, 400)).toBe(0);
  });
});

describe("worthMs", () => {
  const ended = endedBy(between(400, 3_600));

  it("is the time for which the job is expected to have been over, and ten times that once it has surely ended", () => {
    expect(worthMs(ended, 2_000, 3_000)).toBe(overMs(ended, 2_000, 3_000));
    expect(worthMs(ended, 2_000, 4_000)).toBe(10 * overMs(ended, 2_000, 4_000));
    expect(worthMs(ended, 1e9, 1e9 + 600)).toBe(5_000);
  });
});
