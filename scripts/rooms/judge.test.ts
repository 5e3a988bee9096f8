import { describe, expect, it } from "vitest";
import { circles, judge } from "./judge.ts";
import { readSource } from "./read-imports.ts";
import type { House, Wall } from "./walls.ts";

const house: House = {
  name: "house",
  root: "workers/w/src",
  floors: [
    { rooms: ["low"], holds: "", bug: "" },
    { rooms: ["left", "right"], holds: "", bug: "" },
    { rooms: ["worker.ts"], holds: "", bug: "" },
  ],
};
const wall: Wall = { from: /^workers\/w\/src\/low\//, to: /^zod$/, says: "no zod below", bug: "" };

function rules(tree: Record<string, string>): string[] {
  const files = Object.entries(tree).map(([path, source]) => readSource(`workers/w/src/${path}`, source));
  return judge(files, [house], [wall]).map(({ rule }) => rule);
}

describe("rooms", () => {
  it("may import themselves, what is below, and the common ground", () => {
    const tree = {
      "worker.ts": 'import "./left/a.ts";',
      "left/a.ts": 'import { b } from "../low/b.ts"; import "./c.ts"; import "../common.ts";',
      "left/c.ts": "",
      "low/b.ts": "export const b = 1;",
      "common.ts": "",
    };
    expect(rules(tree)).toEqual([]);
  });

  it.each([
    ["an import", 'import { a } from "../left/a.ts";'],
    ["a type", 'import type { A } from "../left/a.ts";'],
    ["a type among values", 'import { type A } from "../left/a.ts";'],
    ["an export", 'export { a } from "../left/a.ts";'],
    ["a star", 'export * from "../left/a.ts";'],
    ["a dynamic import", 'const a = await import("../left/a.ts");'],
    ["a type of a module", 'let a: typeof import("../left/a.ts");'],
  ])("may not import upward: %s", (_, code) => {
    expect(rules({ "low/b.ts": code })).toEqual(["house: low → left"]);
  });

  it("of one floor do not know each other", () => {
    expect(rules({ "left/a.ts": 'import "../right/b.ts";' })).toEqual(["house: left → right"]);
  });

  it("must stand on a floor", () => {
    expect(rules({ "new/a.ts": "" })).toEqual(["house: new stands on no floor"]);
  });

  it("are not judged by their tests, nor by what a comment or a text says", () => {
    const tree = {
      "low/b.test.ts": 'import "../left/a.ts";',
      "low/testing/b.ts": 'import "../left/a.ts";',
      "low/b.ts": '// import("../left/a.ts")\nconst text = \'import "../left/a.ts"\';',
    };
    expect(rules(tree)).toEqual([]);
  });

  it("keep to the walls beside the order", () => {
    expect(rules({ "low/b.ts": 'import * as z from "zod";', "left/a.ts": 'import * as z from "zod";' })).toEqual([
      "no zod below",
    ]);
  });
});

describe("circles", () => {
  const graph = (imports: Record<string, string>) =>
    circles(
      Object.entries(imports).map(([path, targets]) => ({ path, lines: 0, imports: targets.split(""), code: "" })),
    );

  it("are found whole and once, whatever else is imported", () => {
    expect(graph({ a: "b", b: "cd", c: "a", d: "e", e: "" })).toEqual([["a", "b", "c"]]);
    expect(graph({ a: "b", b: "a", c: "d", d: "c" })).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("are not: a file imported on two roads", () => {
    expect(graph({ a: "bc", b: "d", c: "d", d: "" })).toEqual([]);
  });

  it("are broken by tests too", () => {
    const tree = { "left/a.test.ts": 'import "./b.test.ts";', "left/b.test.ts": 'import "./a.test.ts";' };
    expect(rules(tree)).toEqual(["a circle of files"]);
  });
});

describe("SQL", () => {
  it.each([
    'sql.exec("PRAGMA x")',
    'const text = "SELECT seq FROM jobs";',
    "const text = `UPDATE jobs SET lane = 0`;",
    'const text = "INSERT INTO jobs (seq) VALUES (1)";',
  ])("stands in the tables only: %s", (code) => {
    expect(rules({ "left/a.ts": code })).toEqual(["SQL outside the tables"]);
    expect(rules({ "left/a.test.ts": code })).toEqual([]);
  });

  it("names its columns when it inserts", () => {
    const where = "workers/consumer/src/ledger/tables/a.ts";
    const of = (code: string) => judge([readSource(where, code)], [], []).map(({ place }) => place);
    expect(of('sql.exec("INSERT OR IGNORE INTO t VALUES (1)")')).toEqual([`${where}: INSERT OR IGNORE INTO t`]);
    expect(of('sql.exec("INSERT INTO t (a, b) VALUES (1, 2)"); sql.exec("INSERT INTO t(a) VALUES (1)")')).toEqual([]);
  });
});
