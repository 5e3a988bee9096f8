import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTooDeep, parseForeignJson } from "./foreign-json.ts";
import { JSON_MAX_DEPTH } from "./limits.ts";

const arrays = (levels: number, inside = "") => `${"[".repeat(levels)}${inside}${"]".repeat(levels)}`;
const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** Levels of a value, by the parsed value itself. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("JSON of others", () => {
  it.each([arrays, objects])("has 64 levels at most (%s)", (nest) => {
    expect(depthOf(parseForeignJson(nest(JSON_MAX_DEPTH)))).toBe(JSON_MAX_DEPTH);
    expect(() => parseForeignJson(nest(JSON_MAX_DEPTH + 1))).toThrow(SyntaxError);
    expect(() => parseForeignJson(nest(1_000_000))).toThrow("more than 64 levels");
  });

  it("is as wide as it likes, and brackets in strings are no levels", () => {
    expect(isTooDeep(`[${"[],".repeat(100_000)}[]]`)).toBe(false);
    expect(isTooDeep(JSON.stringify(["[".repeat(100), `\\"${"{".repeat(100)}`, `"${"[".repeat(100)}\\`]))).toBe(false);
    expect(isTooDeep(arrays(JSON_MAX_DEPTH, `"\\\\",[]`))).toBe(true);
  });

  it("is parsed as JSON.parse parses it, or refused for its depth alone", () => {
    const wraps: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ a: inner }),
      (inner) => ['"[{\\', inner, "]}"],
      (inner) => ({ '\\"{': [[]], b: inner, c: "}" }),
    ];
    const json = fc
      .tuple(fc.json(), fc.array(fc.constantFrom(...wraps), { maxLength: JSON_MAX_DEPTH + 4 }))
      .map(([inner, around]) =>
        JSON.stringify(around.reduce((value, wrap) => wrap(value), JSON.parse(inner) as unknown)),
      );
    fc.assert(
      fc.property(json, (text) => {
        const value: unknown = JSON.parse(text);
        expect(isTooDeep(text)).toBe(depthOf(value) > JSON_MAX_DEPTH);
        if (!isTooDeep(text)) expect(parseForeignJson(text)).toEqual(value);
      }),
    );
  });

  it.each(["", "{", '"', '"\\', '["\\"', "]]]]", "\ud800"])("that is none is a SyntaxError: %j", (text) => {
    expect(() => parseForeignJson(text)).toThrow(SyntaxError);
  });

  it("takes time in proportion to its length, whatever stands in it", () => {
    const text = `["${'\\\\\\"'.repeat(500_000)}"]`;
    expect(isTooDeep(text)).toBe(false);
    expect(isTooDeep(`${text}${"\\".repeat(1_000_000)}"`)).toBe(false);
  });
});
