import { describe, expect, it } from "vitest";
import { createFakeCache } from "../testing/fakes.ts";
import { createAskedLately, windowMs } from "./asked-lately.ts";

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

describe("what an isolate remembers", () => {
  it("knows at once that a turn is taken", () => {
    const lately = createAskedLately(cache);
    expect(lately.recall("a", 0)).toBeNull();
    expect(lately.takeTurn("a", 0)).toBe(0);
    expect([lately.recall("a", 0), lately.recall("b", 0)]).toEqual(["pending", null]);
  });

  it("gives a turn whose owner never came back to another", () => {
    const lately = createAskedLately(cache);
    lately.takeTurn("a", 0);
    expect([lately.recall("a", 1_999), lately.recall("a", 2_000)]).toEqual(["pending", null]);
  });

  it("is silent until the window's end and counts on after it", () => {
    const lately = createAskedLately(cache);
    lately.keep("a", { detail: "dead:x", timesAsked: 3, silentUntil: 100 });
    expect([lately.recall("a", 99), lately.recall("a", 100)]).toEqual(["dead:x", null]);
    expect(lately.takeTurn("a", 100)).toBe(3);
  });

  it("forgets the count ten minutes after the window", () => {
    const lately = createAskedLately(cache);
    lately.keep("a", { detail: "pending", timesAsked: 3, silentUntil: 100 });
    expect(lately.takeTurn("a", 600_100)).toBe(0);
  });

  it("knows nothing of a forgotten key", () => {
    const lately = createAskedLately(cache);
    lately.keep("a", { detail: "pending", timesAsked: 3, silentUntil: 100 });
    lately.forget("a");
    expect(lately.recall("a", 0)).toBeNull();
    expect(lately.takeTurn("a", 0)).toBe(0);
  });

  it("stays bounded and drops the key not touched for longest", () => {
    const lately = createAskedLately(cache, 2);
    for (const key of ["a", "b"]) lately.keep(key, { detail: "pending", timesAsked: 1, silentUntil: 100 });
    lately.keep("a", { detail: "pending", timesAsked: 2, silentUntil: 100 });
    lately.takeTurn("c", 0);
    expect(["a", "b", "c"].map((key) => lately.recall(key, 0))).toEqual(["pending", null, "pending"]);
  });
});
