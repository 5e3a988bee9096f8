import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const PAGE = readFileSync("docs/reliability.md", "utf8");
const AUDIT = PAGE.slice(PAGE.indexOf("## What an audit found")).split("\n## ")[0] ?? "";
/** `file`: the test's name, or its beginning; paths are of the repository, of the consumer or of packages. */
const HELD = /`([\w./-]+\.test\.ts)`: ([^;|]+)/g;

it("every finding of the audit names tests that are there", () => {
  const rows = AUDIT.split("\n").filter((line) => /^\| \d/.test(line));
  expect(rows.map((row) => Number.parseInt(row.slice(2), 10)).filter((n, at, all) => all[at - 1] !== n)).toEqual(
    Array.from({ length: 22 }, (_, n) => n + 1),
  );
  const missing = [...AUDIT.matchAll(HELD)].filter(([, file = "", name = ""]) => {
    const path = ["workers/consumer/src/", "workers/consumer/", "packages/", ""]
      .map((room) => room + file)
      .find(existsSync);
    return path === undefined || !readFileSync(path, "utf8").includes(name.trim());
  });
  expect(missing.map(([whole]) => whole)).toEqual([]);
  expect(rows.filter((row) => row.match(HELD) === null && !row.includes("npm test"))).toEqual([]);
});
