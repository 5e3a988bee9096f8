import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = dirname(import.meta.dirname);
const pages = ["SECURITY.md", "docs/security.md"];

describe.each(pages)("%s", (name) => {
  const page = readFileSync(join(root, name), "utf8");
  const named = [...new Set([...page.matchAll(/`([\w./-]{1,200}\.ts)`/g)].map(([, path = ""]) => path))];

  it("has tests to name", () => expect(named.length).toBeGreaterThan(15));
  it.each(named)("names %s, which is there", (path) => expect(existsSync(join(root, path))).toBe(true));
});

it("every finding has a row with a test", () => {
  const rows = readFileSync(join(root, "docs/security.md"), "utf8").matchAll(
    /^\| (\d+) \| .+ \| `[^`]+\.test\.ts`.*\|$/gm,
  );
  expect([...rows].map(([, n]) => Number(n))).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});
