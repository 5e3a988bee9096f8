import { describe, expect, it } from "vitest";
import { parseMessage } from "./message-schema.ts";
import { MESSAGE_MAX_KEYS, missMessage, WORK_MESSAGE } from "./messages.ts";

const good = { v: 1, keys: ["a%2Fb/800-high.webp", "a%2Fb/@v1/400-low.avif"], lane: "live", at: 1_800_000_000_000 };

describe("parseMessage", () => {
  it("reads what is sent", () => {
    expect(parseMessage(good)).toEqual({ kind: "miss", message: good });
    const miss = missMessage("a/orig-high.webp", 5);
    expect(parseMessage(structuredClone(miss))).toEqual({ kind: "miss", message: miss });
    expect(parseMessage(structuredClone(WORK_MESSAGE))).toEqual({ kind: "work" });
  });

  it("drops members it does not know, which newer code of the same version may add", () => {
    expect(parseMessage({ ...good, note: "x" })).toEqual({ kind: "miss", message: good });
    expect(parseMessage({ ...WORK_MESSAGE, note: "x" })).toEqual({ kind: "work" });
  });

  it("leaves a newer version for newer code, whatever else is in it", () => {
    expect(parseMessage({ v: 2 })).toEqual({ kind: "newer", version: 2 });
    expect(parseMessage({ ...good, v: 7, keys: "?" })).toEqual({ kind: "newer", version: 7 });
  });

  it.each<[unknown, string, string]>([
    [null, "body", "nothing"],
    ["{}", "body", "text"],
    [[], "body", "a list"],
    [{ ...good, v: "1" }, "v", "a version in text"],
    [{ ...good, v: 0 }, "v", "an older version that never was"],
    [{ ...good, v: 2.5 }, "v", "half a version"],
    [{ ...good, keys: [] }, "keys", "no keys"],
    [{ ...good, keys: Array(MESSAGE_MAX_KEYS + 1).fill("a/800-high.webp") }, "keys", "too many keys"],
    [{ ...good, keys: ["a/800-high.webp", "b/800-high.webp"] }, "keys", "two images"],
    [{ ...good, keys: ["../800-high.webp"] }, "keys.0", "a key that was never printed"],
    [{ ...good, keys: [5] }, "keys.0", "a number for a key"],
    [{ ...good, lane: "fast" }, "lane", "no lane"],
    [{ ...good, lane: "bulk" }, "lane", "a lane that sends no keys"],
    [{ ...good, at: "now" }, "at", "no time"],
    [{ ...good, at: -1 }, "at", "a time before time"],
  ])("finds %j unreadable at %s (%s)", (body, path) => {
    expect(parseMessage(body)).toEqual({
      kind: "unreadable",
      reason: expect.stringMatching(new RegExp(`^${path}: .+`)),
    });
  });

  it("finds a message unreadable that is nested without end", () => {
    const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    for (const body of [deep(50_000), { ...good, keys: deep(50_000) }, { ...good, more: deep(50_000), at: "now" }])
      expect(parseMessage(body).kind).toBe("unreadable");
  });

  it("keeps its reason short, for it is stored", () => {
    const parsed = parseMessage({ ...good, keys: Array(20).fill("x".repeat(5000)), lane: "x".repeat(5000) });
    expect(JSON.stringify(parsed).length).toBeLessThan(400);
  });
});
