import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQuery, printQuery, QUALIFIERS, suggestions, type Term, unknownQualifiers } from "../src/lib/query.ts";

describe("parseQuery", () => {
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
  ])("reads %j (%s: %s)", (text, terms) => expect(parseQuery(text)).toEqual(terms));

  it("reads back what it printed", () => {
    const value = fc
      .string({ minLength: 1, unit: "grapheme" })
      .filter((text) => !text.includes('"') && text.trim() !== "");
    const term = fc.record({ qualifier: fc.constantFrom(null, ...QUALIFIERS), value });
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        expect(parseQuery(printQuery(terms))).toEqual(terms);
      }),
    );
  });
});

describe("suggestions", () => {
  it.each([
    ["", QUALIFIERS.map((one) => `${one}:`)],
    ["id:x for", ["id:x format:"]],
    ["format:a", ["format:avif"]],
    ["lane:bulk", []],
    ["error:x", []],
  ])("completes %j", (text, expected) => expect(suggestions(text)).toEqual(expected));
});

it("names words that look like qualifiers and are none", () => {
  expect(unknownQualifiers("colour:red id:x state:dead http://")).toEqual(["colour", "state"]);
});
