import { describe, expect, it } from "vitest";
import { createFakeCache } from "../testing/fakes.ts";
import { createRecentMisses, windowMs } from "./recent-misses.ts";

const cache = createFakeCache(() => 0);

describe("windowMs", () => {
  it.each([
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [4, 80_000],
    [5, 160_000],
    [6, 300_000],
    [60, 300_000],
  ])("after message %i is %i ms", (asked, expected) => expect(windowMs(asked)).toBe(expected));
});

describe("the memory of an isolate", () => {
  it("shows at once that a turn is claimed", () => {
    const lately = createRecentMisses(cache);
    expect(lately.get("a", 0)).toBeNull();
    expect(lately.claimTurn("a", 0)).toBe(0);
    expect([lately.get("a", 0), lately.get("b", 0)]).toEqual(["pending", null]);
  });

  it("gives the turn of a request that never ended to another one", () => {
    const lately = createRecentMisses(cache);
    lately.claimTurn("a", 0);
    expect([lately.get("a", 1_999), lately.get("a", 2_000)]).toEqual(["pending", null]);
  });

  it("is silent until the window's end and counts on after it", () => {
    const lately = createRecentMisses(cache);
    lately.keep("a", { detail: "dead:x", timesAsked: 3, silentUntil: 100 });
    expect([lately.get("a", 99), lately.get("a", 100)]).toEqual(["dead:x", null]);
    expect(lately.claimTurn("a", 100)).toBe(3);
  });

  it("forgets the count ten minutes after the window", () => {
    const lately = createRecentMisses(cache);
    lately.keep("a", { detail: "pending", timesAsked: 3, silentUntil: 100 });
    expect(lately.claimTurn("a", 600_100)).toBe(0);
  });

  it("knows nothing of a forgotten key", () => {
    const lately = createRecentMisses(cache);
    lately.keep("a", { detail: "pending", timesAsked: 3, silentUntil: 100 });
    lately.forget("a");
    expect(lately.get("a", 0)).toBeNull();
    expect(lately.claimTurn("a", 0)).toBe(0);
  });

  it("stays bounded and drops the key that was kept longest ago", () => {
    const lately = createRecentMisses(cache, 2);
    for (const key of ["a", "b"]) lately.keep(key, { detail: "pending", timesAsked: 1, silentUntil: 100 });
    lately.keep("a", { detail: "pending", timesAsked: 2, silentUntil: 100 });
    lately.claimTurn("c", 0);
    expect(["a", "b", "c"].map((key) => lately.get(key, 0))).toEqual(["pending", null, "pending"]);
  });
});
