import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "./errors.ts";
import { checkId, extensionOf, formatId, parseId } from "./image-id.ts";
import { character, ids } from "./testing/arbitraries.ts";

const refused = expect.objectContaining({ code: "id_invalid" });

function catchError(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

it("takes the same ids as text as it takes from a path", () => {
  const parts = fc.constantFrom(
    "a",
    ".",
    "..",
    "/",
    "\\",
    "%2F",
    "\u0000",
    "\u0085",
    "日",
    "\uD83D\uDE00",
    "日".repeat(80),
    "x".repeat(200),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), (all) => {
      const id = all.join("");
      expect(catchError(() => checkId(id))).toEqual(catchError(() => void parseId(formatId(id))));
    }),
  );
});

describe("parseId", () => {
  it.each([
    ["photo-abc123", "photo-abc123", "plain"],
    ["a/b/c.jpg", "a/b/c.jpg", "segments"],
    ["a%20b/%E6%97%A5%E6%9C%AC.jpg", "a b/日本.jpg", "decoded once"],
    ["日本.jpg", "日本.jpg", "not encoded by the sender"],
    ["a%2520b", "a%20b", "decoded only once"],
    ["a%252Fb", "a%2Fb", "an encoded slash that is text"],
    ["%252e%252e/x", "%2e%2e/x", "dots that are text"],
    ["e%CC%81", "e\u0301", "no Unicode normalisation"],
    ["Photo", "Photo", "case kept"],
    ["a+b", "a+b", "a plus is a plus in a path"],
    ["...", "...", "three dots are a name"],
    [".hidden/..a", ".hidden/..a", "dots at a name's start"],
    ["https%3A/x", "https:/x", "a scheme is text"],
    ["__proto__/toString", "__proto__/toString", "names on Object.prototype"],
    ["@v1/_", "@v1/_", "what keys use for themselves"],
    ["x'!()*~", "x'!()*~", "what encodeURIComponent leaves"],
  ])("reads %s as %s (%s)", (path, id) => expect(parseId(path)).toBe(id));

  it.each([
    ["", "nothing"],
    ["/a", "an empty first segment"],
    ["a/", "an empty last segment"],
    ["a//b", "an empty segment"],
    [".", "a dot"],
    ["a/../b", "two dots"],
    ["a/%2e%2E/b", "two dots, encoded"],
    ["%2e", "a dot, encoded"],
    ["a%2Fb", "an encoded slash"],
    ["..%2f..%2fetc", "an encoded climb"],
    ["a%5Cb", "a backslash, encoded"],
    ["a\\b", "a backslash"],
    ["a%00b", "NUL"],
    ["a%0d%0ab", "a line break, for headers"],
    ["a%7F", "DEL"],
    ["a%C2%85", "a control character of the second block"],
    ["a%", "a lone percent sign"],
    ["a%zz", "no hexadecimal"],
    ["%FF", "no UTF-8"],
    ["%C0%AF", "a slash in overlong UTF-8"],
    ["%C0%AE%C0%AE", "dots in overlong UTF-8"],
    ["%ED%A0%80", "half of a surrogate pair in UTF-8"],
    ["a".repeat(701), "too long"],
    ["%E6%97%A5".repeat(78), "too long when encoded"],
  ])("refuses %s (%s)", (path) => expect(catchError(() => parseId(path))).toEqual(refused));

  it("takes the longest id there may be", () => expect(parseId("a".repeat(700))).toHaveLength(700));

  it("round trips every allowed id, however hostile", () => {
    fc.assert(
      fc.property(ids, (id) => {
        expect(parseId(formatId(id))).toBe(id);
      }),
      { numRuns: 1000 },
    );
  });

  it("never throws anything but a refusal, and what it takes checkId takes", () => {
    const text = fc.oneof(fc.string({ unit: character }), fc.stringMatching(/^[%a-f0-9./\\]{0,12}$/));
    fc.assert(
      fc.property(text, (path) => {
        const id = catchError(() => parseId(path));
        if (typeof id !== "string") expect(id).toBeInstanceOf(AppError);
        else expect(() => checkId(id)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps an id on its path when a URL parser reads it", () => {
    fc.assert(
      fc.property(ids, (id) => {
        const url = new URL(`https://images.example.com/images/${formatId(id)}?w=1`);
        expect(parseId(url.pathname.slice("/images/".length))).toBe(id);
      }),
    );
  });
});

describe("checkId", () => {
  it.each(["", "/a", "a//b", "..", "a/.", "a\u0000", "a\\b", "\ud800", "a\udc00b"])("refuses %j", (id) => {
    expect(catchError(() => checkId(id))).toEqual(refused);
  });
  it.each(["a", "a/b", "日本", "a%2Fb", "🖼"])("takes %s", (id) => expect(() => checkId(id)).not.toThrow());
});

describe("extensionOf", () => {
  it.each([
    ["a.JPG", "jpg"],
    ["a/b.c/d", null],
    ["a.tar.gz", "gz"],
    [".svg", null],
    ["a.", null],
    ["a/.b.svg", "svg"],
  ])("of %s is %s", (id, extension) => expect(extensionOf(id)).toBe(extension));
});
