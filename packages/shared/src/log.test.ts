import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { describe, expect, it } from "vitest";
import { createLog, publicText } from "./log.ts";

it("names the part that writes a line and the version of its code", () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line), { part: "ledger", version: "a1b2c3d" })("duty.failed", { duty: "wake" });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event: "duty.failed", part: "ledger", version: "a1b2c3d", duty: "wake" },
  ]);
});

it("writes control and format characters as escapes: a terminal that follows the log obeys none", () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line), { part: "ledger", version: null })("x", { id: "a\u009b2J\u202e" });
  expect(lines).toEqual(['{"event":"x","part":"ledger","version":null,"id":"a\\u009b2J\\u202e"}']);
});

describe("publicText", () => {
  it.each([
    ["no https://a.example/x?sig=1 and HTTP://b.example/?k=2", "no https://a.example/x?… and HTTP://b.example/?…"],
    ['"https://a.example/x?sig=1" is gone', '"https://a.example/x?…" is gone'],
    ["https://a.example/x?u=https://b.example/?k=2 is gone", "https://a.example/x?… is gone"],
    ["https://a.example/x stays", "https://a.example/x stays"],
    ["no https://a.example/o'brien?s=1 here", "no https://a.example/o'brien?… here"],
    ["GEThttps://a.example/x?s=1", "GEThttps://a.example/x?…"],
    [String.raw`"https:\/\/a.example\/x?s=1"`, String.raw`"https:\/\/a.example\/x?…"`],
    ["Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"],
    ["a\u0000b\r\nc", "a b c"],
    ["a\u202eb\u200bc\u{e0001}d\u2028e", "a b c d e"],
  ])("%j reads %j", (text, expected) => expect(publicText(text)).toBe(expected));

  it("replaces secrets wherever a long text is cut", () => {
    for (let before = 1990; before < 2000; before++) {
      const text = `${"\n".repeat(before)}a-secret-key`;
      expect(publicText(text, ["a-secret-key"])).not.toContain("a-s");
    }
  });

  it("leaves no half of a secret at the end of what it looks at", () => {
    const secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
    for (let before = 1900; before < 2100; before += 1) {
      const text = `${`${secret} `.repeat(20)}${"\n".repeat(before)}${secret} and more ${"x".repeat(5000)}`;
      expect(publicText(text, [secret])).not.toMatch(/01234|CDEFG/);
    }
  });

  it("changes nothing for a secret that is empty or short", () => {
    expect(publicText("an empty word", ["", "k3y"])).toBe("an empty word");
    expect(publicText("the k3y", ["k3y"])).toBe("the [redacted]");
  });

  it.each([
    ["https://", 125_000],
    ["Bearer ", 25_000],
    ["https://a?", 20_000],
    ["\u0000 ", 250_000],
    ["'", 1_000_000],
  ])("takes %j many times over in time in proportion to the text", (piece, count) => {
    const growth = growthOf((times) => {
      const text = piece.repeat(times * count);
      return () => publicText(text, ["a-secret-key"]);
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });
});
