import { describe, expect, it } from "vitest";
import { parsePath, readPath, readText } from "./json-path.ts";

describe("readPath", () => {
  const body = JSON.parse(
    '{"a": {"b": [{"c": 1}, {"c": 2}], "odd name": "x"}, "__proto__": {"polluted": true}, "n": null}',
  );
  it.each([
    ["$", [body]],
    ["a.b[1].c", [2]],
    ["$.a.b[*].c", [1, 2]],
    ["$['a'][\"odd name\"]", ["x"]],
    ["$.a.b[9].c", []],
    ["n.anything", []],
    ["a.b.c", []],
    ["constructor", []],
    ["a.__proto__.polluted", []],
    ["a.b.length", [2]],
    ["toString", []],
  ])("%s gives %j", (path, expected) => expect(readPath(body, path)).toEqual(expected));

  it("reads an own __proto__ as the name it is, and touches no prototype", () => {
    expect(readPath(body, "['__proto__'].polluted")).toEqual([true]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each(["a..b", "a[", "a[x]", "a[-1]", "$[?(@.x)]", "a b"])("refuses the path %s", (path) =>
    expect(() => parsePath(path)).toThrow(),
  );

  it("gives text and numbers only", () => {
    expect(readText({ a: 5, b: { c: 1 }, d: "x" }, "a")).toBe("5");
    expect(readText({ a: 5, b: { c: 1 }, d: "x" }, "b")).toBeNull();
    expect(readText({ d: "x" }, undefined)).toBeNull();
  });
});
