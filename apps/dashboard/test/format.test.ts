import { describe, expect, it } from "vitest";
import {
  compact,
  count,
  dayTime,
  duration,
  endOf,
  exactBoth,
  exactUtc,
  percent,
  rate,
  rateOf,
  relative,
  savedShare,
  size,
} from "../src/lib/format.ts";

describe("format", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1 s"],
    [4200, "4.2 s"],
    [59_999, "1 min"],
    [90_000, "1.5 min"],
    [3_600_000, "1 h"],
    [86_400_000 * 40, "40 d"],
  ])("says %d ms as %s", (ms, words) => expect(duration(ms)).toBe(words));

  it("shows no number for what is unknown", () => {
    expect([duration(null), duration(Number.NaN), size(null), count(null), relative(null, 0)]).toEqual([
      "–",
      "–",
      "–",
      "–",
      "–",
    ]);
  });

  it.each([
    [1_000_000, "just now"],
    [1_000_000 - 42_000, "42 s ago"],
    [1_000_000 + 180_000, "in 3 min"],
  ])("relates %d to a million as %s", (at, words) => expect(relative(at, 1_000_000)).toBe(words));

  it("names a moment in UTC whatever the reader's zone", () => {
    expect(exactUtc(Date.UTC(2026, 10, 24, 16, 5, 9, 120))).toBe("2026-11-24 16:05:09.120 UTC");
  });

  it.each([
    [Date.UTC(2026, 11, 1, 9, 5, 7), "09:05:07 UTC"],
    [Date.UTC(2026, 10, 24, 9, 5, 7), "24 Nov 09:05:07 UTC"],
    [Date.UTC(2027, 11, 1, 9, 5, 7), "1 Dec 2027 09:05:07 UTC"],
    [Date.UTC(2025, 11, 31, 23, 59, 59), "31 Dec 2025 23:59:59 UTC"],
  ])("says the day only of another day, and the year only of another year: %d, %s", (at, words) =>
    expect(dayTime(at, Date.UTC(2026, 11, 1, 16), "UTC")).toBe(words),
  );

  it("writes every hour of a day with two digits", () => {
    for (let hour = 0; hour < 24; hour += 1)
      expect(exactBoth(Date.UTC(2026, 10, 26, hour, 5, 9))).toMatch(/^2026-11-\d\d \d\d:\d\d:09 /);
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_950, "1.0 MB"],
    [3_200_000_000, "3.2 GB"],
  ])("says %d bytes as %s", (bytes, words) => expect(size(bytes)).toBe(words));

  it.each([
    [9999, "9,999"],
    [12_345, "12.3k"],
    [999_600, "1.0M"],
    [4_500_000, "4.5M"],
  ])("shortens %d to %s", (value, words) => expect(compact(value)).toBe(words));

  it.each([
    [0, "0 /s"],
    [0.05, "3.0 /min"],
    [2.5, "2.5 /s"],
    [1234, "1,234 /s"],
  ])("says %d a second as %s (a slow rate is not zero)", (value, words) => expect(rate(value)).toBe(words));

  it.each([
    [0, "0 %"],
    [0.0004, "<0.1 %"],
    [0.026, "2.6 %"],
    [1, "100 %"],
  ])("says the share %d as %s", (value, words) => expect(percent(value)).toBe(words));

  it("tells a saving from a loss", () => {
    expect([savedShare(1000, 180), savedShare(1000, 1040), savedShare(0, 5)]).toEqual(["−82 %", "+4 %", "–"]);
  });
});

it("says a rate and its limit in one unit", () => {
  expect([rateOf(0.38, 20), rateOf(0, 5), rateOf(0.1, 0.25)]).toEqual(["0.4 of 20 /s", "0 of 5 /s", "6 of 15 /min"]);
});

it("tells an end so that it is surely over then", () => {
  const now = Date.UTC(2026, 10, 30, 17);
  expect([now + 60_000, Date.UTC(2027, 10, 30, 17)].map((at) => endOf(at, now, "UTC"))).toEqual([
    "17:01:00 UTC",
    "1 Dec 2027",
  ]);
});
