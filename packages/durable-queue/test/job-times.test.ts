import { describe, expect, it } from "vitest";
import { JobTimes } from "../src/memory/gate-memory.ts";

describe("learned job times", () => {
  it("are the last 100 jobs', however long ago they ended", () => {
    const times = new JobTimes();
    for (let n = 0; n < 100; n += 1) times.note(5_000, n);
    for (let n = 0; n < 100; n += 1) times.note(1_000 + n, 3_600_000 + n * 60_000);
    expect([times.quantile(0), times.quantile(0.5), times.quantile(1)]).toEqual([1_000, 1_050, 1_099]);
  });

  it("do not swing with what one page shows: where many end, all of the last ten seconds count", () => {
    const times = new JobTimes();
    // 200 a second of 0.4 to 3.6 s; a page of the oldest open jobs shows none but long ones.
    for (let n = 0; n < 2_000; n += 1) times.note(400 + ((n * 7) % 101) * 32, n * 5);
    for (let n = 0; n < 100; n += 1) times.note(3_600, 10_000);
    expect(times.quantile(0.5)).toBeGreaterThan(1_900);
    expect(times.quantile(0.5)).toBeLessThan(2_300);
  });

  it("forget what is older than that as soon as 100 newer ones are known", () => {
    const times = new JobTimes();
    for (let n = 0; n < 2_000; n += 1) times.note(5_000, n);
    for (let n = 0; n < 100; n += 1) times.note(1_000, 20_000);
    expect(times.quantile(1)).toBe(1_000);
  });

  it("lie evenly up to 2 s before anything is known", () => {
    expect([0, 0.5, 1].map((q) => new JobTimes().quantile(q))).toEqual([0, 1_000, 2_000]);
  });
});
