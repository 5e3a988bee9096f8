import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { describe, expect, it } from "vitest";
import { decide } from "./conditional.ts";

const FACTS = { etag: '"abc,1"', lastModified: "Sun, 01 Nov 2026 12:00:00 GMT", size: 1000 };

function decided(headers: Record<string, string>, method = "GET", facts: Parameters<typeof decide>[2] = FACTS): string {
  const decision = decide(new Headers(headers), method, facts);
  return decision.kind === "part" ? `${decision.start}-${decision.end}` : decision.kind;
}

describe("If-None-Match", () => {
  it.each([
    ['"abc,1"', "not-modified", "the tag itself, comma and all"],
    ['W/"abc,1"', "not-modified", "comparison is weak"],
    ['"x", "abc,1"', "not-modified", "second in a list"],
    ['"x",W/"abc,1" , "y"', "not-modified", "weak in the middle of a list without spaces"],
    ["*", "not-modified", "anything that exists"],
    [" * ", "not-modified", "with blanks"],
    ['"abc"', "whole", "a part of the tag"],
    ["abc,1", "whole", "not quoted, so no tag"],
    ["", "whole", "empty"],
    ['"ABC,1"', "whole", "tags know upper and lower case"],
  ])("%s gives %s (%s)", (header, expected) => expect(decided({ "If-None-Match": header })).toBe(expected));
});

describe("If-Modified-Since", () => {
  it.each([
    ["Sun, 01 Nov 2026 12:00:00 GMT", "not-modified", "the very date"],
    ["Mon, 02 Nov 2026 00:00:00 GMT", "not-modified", "later"],
    ["Sun, 01 Nov 2026 11:59:59 GMT", "whole", "a second too early"],
    ["yesterday", "whole", "no date"],
    ["", "whole", "empty"],
  ])("%s gives %s (%s)", (header, expected) => expect(decided({ "If-Modified-Since": header })).toBe(expected));

  it("is ignored beside If-None-Match", () => {
    const headers = { "If-None-Match": '"other"', "If-Modified-Since": "Mon, 02 Nov 2026 00:00:00 GMT" };
    expect(decided(headers)).toBe("whole");
  });
});

describe("Range", () => {
  it.each([
    ["bytes=0-0", "0-0", "the first byte"],
    ["bytes=0-99", "0-99", "both ends"],
    ["bytes=500-", "500-999", "open end"],
    ["bytes=-100", "900-999", "the last hundred"],
    ["bytes=-5000", "0-999", "more than there is, from the end"],
    ["bytes=900-5000", "900-999", "past the end"],
    ["BYTES=0-9", "0-9", "units know no case"],
    ["bytes= 0 - 9 ", "0-9", "blanks"],
    ["bytes=0-9,", "0-9", "an empty list member"],
    ["bytes=1000-", "unsatisfiable", "begins at the end"],
    ["bytes=99999-100000", "unsatisfiable", "begins after it"],
    ["bytes=-0", "unsatisfiable", "the last none"],
    ["bytes=0-1,5-6", "whole", "several ranges"],
    ["bytes=9-1", "whole", "backwards is malformed, hence ignored"],
    ["bytes=-", "whole", "neither end"],
    ["bytes=a-b", "whole", "no numbers"],
    ["bytes=0x1-9", "whole", "hexadecimal"],
    ["bytes 0-9", "whole", "no equals sign"],
    ["pixels=0-9", "whole", "another unit"],
    ["bytes=99999999999999999999-", "whole", "more digits than a size can have"],
  ])("%s gives %s (%s)", (range, expected) => expect(decided({ Range: range })).toBe(expected));

  it.each([
    ['"abc,1"', "0-9", "the tag holds"],
    ["Sun, 01 Nov 2026 12:00:00 GMT", "0-9", "the date holds"],
    ['"old"', "whole", "the bytes have changed"],
    ['W/"abc,1"', "whole", "a weak tag never holds"],
    ["Mon, 02 Nov 2026 00:00:00 GMT", "whole", "another date, even a later one"],
  ])("with If-Range %s gives %s (%s)", (ifRange, expected) => {
    expect(decided({ Range: "bytes=0-9", "If-Range": ifRange })).toBe(expected);
  });

  it("comes after the conditions", () => {
    expect(decided({ Range: "bytes=0-9", "If-None-Match": "*" })).toBe("not-modified");
  });
  it("means nothing for HEAD", () => expect(decided({ Range: "bytes=0-9" }, "HEAD")).toBe("whole"));
  it("is ignored when the size is not known", () => {
    expect(decided({ Range: "bytes=0-9" }, "GET", { ...FACTS, size: null })).toBe("whole");
  });
  it("of an empty body cannot be satisfied", () => {
    expect(decided({ Range: "bytes=0-" }, "GET", { ...FACTS, size: 0 })).toBe("unsatisfiable");
  });
});

describe("a hostile header of 8 to 32 kB", () => {
  const blanks = (times: number) => " ".repeat(times * 4000);
  it.each<[string, (times: number) => string, string]>([
    ["Range", (times) => `bytes=${blanks(times)}-${blanks(times)}x`, "whole"],
    ["Range", (times) => `bytes=${blanks(times)}${blanks(times)}-0x`, "whole"],
    ["Range", (times) => `bytes=0-${",".repeat(times * 2000)}x`, "whole"],
    ["If-None-Match", (times) => `"${" ,W/".repeat(times * 500)}`, "whole"],
    ["If-None-Match", (times) => `${'"a"W/'.repeat(times * 400)}`, "whole"],
    ["If-Modified-Since", (times) => `Sun, 01 ${"(".repeat(times * 2000)}`, "whole"],
    ["If-Modified-Since", (times) => `Sun, 01 Nov ${"1 ".repeat(times * 1000)}`, "whole"],
  ])("%s, number %#, is judged in time in proportion to its length", (name, header, expected) => {
    expect(decided({ [name]: header(4) })).toBe(expected);
    const growth = growthOf((times) => {
      const headers = { [name]: header(times) };
      return () => decided(headers);
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });
});
