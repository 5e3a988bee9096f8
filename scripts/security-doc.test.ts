import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const root = dirname(import.meta.dirname);
const page = readFileSync(join(root, "SECURITY.md"), "utf8");
const named = [...new Set([...page.matchAll(/`([\w./-]{1,200}\.ts)`/g)].map(([, path = ""]) => path))];

it("SECURITY.md has tests to name", () => expect(named.length).toBeGreaterThan(15));
it.each(named)("SECURITY.md names %s, which is there", (path) => expect(existsSync(join(root, path))).toBe(true));
