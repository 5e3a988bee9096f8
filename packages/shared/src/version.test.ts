import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VERSION } from "./version.ts";

const root = join(import.meta.dirname, "../../..");

it.each(["package.json", ...globSync("{packages,workers,apps}/*/package.json", { cwd: root })])(
  "%s says the version",
  (path) => {
    expect(JSON.parse(readFileSync(join(root, path), "utf8")).version).toBe(VERSION);
  },
);
