import { describe, expect, it } from "vitest";
import { backoff } from "./backoff.ts";

describe("backoff", () => {
  it("doubles with each try, up to its bound", () => {
    expect([1, 2, 3, 4, 5, 1_000].map((attempt) => backoff(attempt, { first: 10, longest: 60 }))).toEqual([
      10, 20, 40, 60, 60, 60,
    ]);
    expect(backoff(3, { first: 200 })).toBe(800);
  });

  it("takes a try before the first for the first", () => {
    expect(backoff(0, { first: 10, longest: 60 })).toBe(10);
  });

  it("with jitter is anything from 0 to that, in whole numbers", () => {
    expect(backoff(3, { first: 10, longest: 60, random: 0 })).toBe(0);
    expect(backoff(3, { first: 10, longest: 60, random: 0.51 })).toBe(20);
    expect(backoff(3, { first: 10, longest: 60, random: 0.999 })).toBe(39);
  });
});
