import { describe, expect, it } from "vitest";
import { createMemory, windowMs } from "./asked-lately.ts";

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

describe("memory", () => {
  it("gives a key to the first claim only", () => {
    const memory = createMemory();
    expect(memory.claim("a", 0)).toEqual({ mine: true, asked: 0 });
    expect(memory.claim("a", 0)).toEqual({ mine: false, detail: "pending" });
    expect(memory.claim("b", 0).mine).toBe(true);
  });

  it("gives a claim whose owner never came back to another", () => {
    const memory = createMemory();
    memory.claim("a", 0);
    expect(memory.claim("a", 1_999).mine).toBe(false);
    expect(memory.claim("a", 2_000).mine).toBe(true);
  });

  it("is silent until the window's end and counts on after it", () => {
    const memory = createMemory();
    memory.keep("a", { detail: "dead", asked: 3, silentUntil: 100 });
    expect(memory.claim("a", 99)).toEqual({ mine: false, detail: "dead" });
    expect(memory.claim("a", 100)).toEqual({ mine: true, asked: 3 });
  });

  it("forgets the count ten minutes after the window", () => {
    const memory = createMemory();
    memory.keep("a", { detail: "pending", asked: 3, silentUntil: 100 });
    expect(memory.claim("a", 600_100)).toEqual({ mine: true, asked: 0 });
  });

  it("knows nothing of a forgotten key", () => {
    const memory = createMemory();
    memory.keep("a", { detail: "pending", asked: 3, silentUntil: 100 });
    memory.forget("a");
    expect(memory.recall("a", 0)).toBeNull();
    expect(memory.claim("a", 0)).toEqual({ mine: true, asked: 0 });
  });

  it("looks without taking", () => {
    const memory = createMemory();
    expect(memory.recall("a", 0)).toBeNull();
    expect(memory.claim("a", 0).mine).toBe(true);
    expect(memory.recall("a", 0)).toBe("pending");
  });

  it("stays bounded and drops the key not touched for longest", () => {
    const memory = createMemory(2);
    for (const key of ["a", "b"]) memory.keep(key, { detail: "pending", asked: 1, silentUntil: 100 });
    memory.keep("a", { detail: "pending", asked: 2, silentUntil: 100 });
    memory.claim("c", 0);
    expect(memory.size).toBe(2);
    expect(memory.recall("a", 0)).toBe("pending");
    expect(memory.recall("b", 0)).toBeNull();
  });
});
