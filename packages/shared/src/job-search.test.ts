import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseComparison,
  parseSearch,
  parseSpan,
  printSearch,
  printSpan,
  QUALIFIERS,
  type Term,
  unknownQualifiers,
} from "./job-search.ts";

describe("parseSearch", () => {
  it.each<[string, Term[], string]>([
    ["", [], "nothing"],
    ["boat", [{ qualifier: null, value: "boat" }], "free text"],
    [
      "format:avif  lane:bulk",
      [
        { qualifier: "format", value: "avif" },
        { qualifier: "lane", value: "bulk" },
      ],
      "two qualifiers",
    ],
    ['id:"summer sale"', [{ qualifier: "id", value: "summer sale" }], "quotes hold a space"],
    ['"summer sale', [{ qualifier: null, value: "summer sale" }], "a quote still open while one types"],
    ["ID:x", [{ qualifier: "id", value: "x" }], "case of the qualifier"],
    ["id:", [], "a qualifier without a value yet"],
    ["http://x", [{ qualifier: null, value: "http://x" }], "a colon that is no qualifier"],
    ["error:a:b", [{ qualifier: "error", value: "a:b" }], "a colon within the value"],
    ["age:>1h", [{ qualifier: "age", value: ">1h" }], "a comparison"],
  ])("reads %j (%s: %s)", (text, terms) => expect(parseSearch(text)).toEqual(terms));

  it("reads back what it printed", () => {
    const value = fc
      .string({ minLength: 1, unit: "grapheme" })
      .filter((text) => !text.includes('"') && text.trim() !== "");
    const term = fc.record({ qualifier: fc.constantFrom(null, ...QUALIFIERS), value });
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        expect(parseSearch(printSearch(terms))).toEqual(terms);
        expect(unknownQualifiers(printSearch(terms))).toEqual([]);
      }),
    );
  });
});

describe("parseComparison", () => {
  const most = Number.MAX_SAFE_INTEGER;
  it.each([
    ["age", ">1h", { from: 3_600_001, to: most }],
    ["age", "<90s", { from: 0, to: 89_999 }],
    ["age", ">2d", { from: 172_800_001, to: most }],
    ["attempts", ">3", { from: 4, to: most }],
    ["attempts", "<3", { from: 0, to: 2 }],
    ["attempts", "3", { from: 3, to: 3 }],
  ] as const)("reads %s:%s", (qualifier, value, range) => expect(parseComparison(qualifier, value)).toEqual(range));

  it.each([
    ...["1h", ">", ">1", ">h", ">1w", ">1.5h", "> 1h", ">-1h", ">1h2m", ">9999999h", ""].map((text) => ["age", text]),
    ...[">", "x", "-1", "1.5", ">3h", "9999999", "３"].map((text) => ["attempts", text]),
  ] as ["age" | "attempts", string][])("refuses %s:%s", (qualifier, value) =>
    expect(parseComparison(qualifier, value)).toBeNull(),
  );
});

describe("parseSpan", () => {
  it("reads the minutes that were printed, without the last moment", () => {
    const [from, end] = [Date.UTC(2026, 10, 24, 14, 5), Date.UTC(2026, 10, 24, 14, 10)];
    expect(printSpan(from, end)).toBe("2026-11-24T14:05Z..2026-11-24T14:10Z");
    expect(parseSpan(printSpan(from, end))).toEqual({ from, to: end - 1 });
    expect(parseSearch(`at:${printSpan(from, end)}`)).toEqual([{ qualifier: "at", value: printSpan(from, end) }]);
  });

  it.each([
    ...["", "14:05", "2026-11-24T14:05Z", "2026-11-24T14:05Z..", "2026-11-24T14:05Z..14:10Z"],
    ...["2026-11-24T14:05Z..2026-11-24T14:05Z", "2026-11-24T14:10Z..2026-11-24T14:05Z"],
    "2026-13-24T14:05Z..2026-14-24T14:05Z",
  ])("refuses at:%s", (value) => expect(parseSpan(value)).toBeNull());
});

it("names words that look like qualifiers and are none, unless they stand in quotes or are an address", () => {
  const text = 'colour:red id:x state:dead http:// http://x a:b "photos:cat" Foo:"a b"';
  expect(unknownQualifiers(text)).toEqual(["colour", "foo"]);
});
