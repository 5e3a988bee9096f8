import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NIGHTLY } from "../test/commit-files.ts";
import { MUTATIONS } from "./mutations/list.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { PROMISES } from "./mutations/promises.ts";

/** The mutations that are not as they must be, by their promise and what they break. */
const those = (isBad: (mutation: Mutation) => boolean): string[] =>
  MUTATIONS.filter(isBad).map(({ promise, breaks, file }) => `${promise}, ${breaks} (${file})`);

describe("the mutations", () => {
  it("change text that stands in their file exactly once", () => {
    const timesIn = ({ file, find }: Mutation) =>
      existsSync(file) ? readFileSync(file, "utf8").split(find).length - 1 : 0;
    expect(those((one) => timesIn(one) !== 1 || one.find === one.replace)).toEqual([]);
  });

  it("name tests that are there, or histories", () => {
    expect(those(({ tests }) => !tests.every((test) => existsSync(test)))).toEqual([]);
    expect(those(({ tests, histories }) => tests.length === 0 && histories === undefined)).toEqual([]);
  });

  it("name neither random histories, which have a column of their own, nor tests of the stack", () => {
    const isElsewhere = (test: string) => test.startsWith("test/world/histories/") || test.endsWith(".e2e.test.ts");
    expect(those(({ tests }) => tests.some(isElsewhere))).toEqual([]);
  });

  it("are held by a test that runs with each commit, if by any test", () => {
    expect(those(({ tests }) => tests.length > 0 && tests.every((test) => NIGHTLY.includes(test)))).toEqual([]);
  });

  it("have one rule each of a name", () => {
    const rules = MUTATIONS.flatMap(({ histories }) => histories?.rule ?? []);
    expect(rules.length).toBeGreaterThan(40);
    expect(new Set(rules).size).toBe(rules.length);
  });

  it("are there for every promise, and for nothing else", () => {
    const promises = new Set(MUTATIONS.map(({ promise }) => promise));
    expect([...promises].sort()).toEqual(Object.keys(PROMISES).sort());
  });
});
