import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./mutations/list.ts";
import { PROMISES } from "./mutations/promises.ts";

describe("the mutations", () => {
  it.each(MUTATIONS)(
    "$promise, $breaks: changes a line that is there exactly once, and names tests that are there",
    (mutation) => {
      const { file, find, replace, tests } = mutation;
      expect(existsSync(file) ? readFileSync(file, "utf8").split(find).length - 1 : file).toBe(1);
      expect(replace).not.toBe(find);
      expect(tests.filter((test) => !existsSync(test))).toEqual([]);
      // Random histories are too slow to be played for each of them.
      expect(tests.filter((test) => test.startsWith("test/world/histories/"))).toEqual([]);
    },
  );

  it("are there for every promise", () => {
    expect([...new Set(MUTATIONS.map(({ promise }) => promise))]).toEqual(Object.keys(PROMISES));
  });
});
