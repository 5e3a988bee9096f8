import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./mutations/list.ts";
import { PROMISES } from "./mutations/promises.ts";

describe("the mutations", () => {
  it.each(MUTATIONS)(
    "$promise, $breaks: changes a line that is there exactly once, and names histories or tests that are there",
    (mutation) => {
      const { file, find, replace, tests = [], histories } = mutation;
      expect(existsSync(file) ? readFileSync(file, "utf8").split(find).length - 1 : file).toBe(1);
      expect(replace).not.toBe(find);
      expect(tests.filter((test) => !existsSync(test))).toEqual([]);
      expect(tests.length > 0 || histories !== undefined).toBe(true);
      // Random histories have a column of their own.
      expect(tests.filter((test) => test.startsWith("test/world/histories/"))).toEqual([]);
    },
  );

  it("have one rule each of a name", () => {
    const rules = MUTATIONS.flatMap(({ histories }) => histories?.rule ?? []);
    expect(rules.length).toBeGreaterThan(40);
    expect(new Set(rules).size).toBe(rules.length);
  });

  it("are there for every promise", () => {
    expect([...new Set(MUTATIONS.map(({ promise }) => promise))]).toEqual(Object.keys(PROMISES));
  });
});
