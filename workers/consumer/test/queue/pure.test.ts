import { BACKOFF_CAP_MS, backoffMs, originBackoffMs } from "@prewarm/durable-queue/testing";
import { describe, expect, it } from "vitest";
import { isNewer } from "../../src/images/new-original.ts";

describe("backoffMs", () => {
  it("is uniform below a ceiling that doubles, up to its cap", () => {
    expect([1, 2, 3, 10, 1_000].map((attempt) => backoffMs(attempt, 0.999_999))).toEqual([
      1_999,
      3_999,
      7_999,
      BACKOFF_CAP_MS - 1,
      BACKOFF_CAP_MS - 1,
    ]);
    expect(backoffMs(5, 0)).toBe(1);
    expect(backoffMs(2, 0.5)).toBe(2_000);
    expect(backoffMs(0, 0.5)).toBe(backoffMs(1, 0.5));
  });
});

describe("originBackoffMs", () => {
  it("is at least 30 s at first, and half of a ceiling that doubles, whatever chance says", () => {
    const range = (attempt: number) => [0, 0.999_999].map((random) => originBackoffMs(attempt, random));
    expect(range(1)).toEqual([30_000, 59_999]);
    expect(range(2)).toEqual([60_000, 119_999]);
    expect(range(10)).toEqual([BACKOFF_CAP_MS / 2, BACKOFF_CAP_MS - 1]);
  });
});

describe("isNewer", () => {
  it.each([
    ["10", "9", true],
    ["9", "10", false],
    ["9", "9", false],
    ["00a1", "a1", false],
    ["2026-11-24T12:00:01Z", "2026-11-24T12:00:00Z", true],
  ])("%s after %s: %s", (order, than, expected) => expect(isNewer(order, than)).toBe(expected));
});
