import { KEY_PATTERN } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { findPatterns, slownessOf } from "./regexps.ts";

describe("the check of regular expressions", () => {
  it.each([
    [
      /^bytes\s*=[\s,]*(\d{0,15})\s*-\s*(\d{0,15})[\s,]*$/i,
      "the Range header's, until a stranger's header held the edge",
    ],
    [/(\bhttps?:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/gi, "the log's"],
    [/\.+$/, "the output host's"],
    [/(a+)+$/, "the textbook's"],
  ])("refuses %s (%s)", (regex) => {
    expect(slownessOf({ pattern: regex.source, flags: regex.flags })).toMatch(/polynomial|exponential/);
  });

  it.each([/^\/+/, /^[A-Za-z0-9_-]{43}$/, /\p{Cc}+/gu, /,\s*/, KEY_PATTERN])("lets %s pass", (regex) => {
    expect(slownessOf({ pattern: regex.source, flags: regex.flags })).toBeNull();
  });

  it("finds every literal, and what is made at run time", () => {
    const source = 'const a = /x+/gi;\n// /not this/\nconst b = "/nor this/";\nconst c = new RegExp(b) ?? RegExp(a);\n';
    expect(findPatterns("a.ts", source)).toEqual([
      { line: 1, regex: { pattern: "x+", flags: "gi" } },
      { line: 4, regex: null },
      { line: 4, regex: null },
    ]);
  });
});
