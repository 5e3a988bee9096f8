import { readFileSync } from "node:fs";
import { join } from "node:path";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { API_ERRORS } from "../packages/shared/src/api-errors.ts";
import { DEFAULTS } from "../packages/shared/src/config.ts";
import { environmentSchema } from "../packages/shared/src/deploy-schema.ts";
import site from "../prewarm.config.ts";
import { fillBlocks } from "./print-tables.ts";
import { printTables, readSettings } from "./tables.ts";

const root = join(import.meta.dirname, "..");
const settings = readFileSync(join(root, "packages/shared/src/config.ts"), "utf8");
const deploy = readFileSync(join(root, "packages/shared/src/deploy.ts"), "utf8");
const tables = printTables(settings, deploy);

describe("fillBlocks", () => {
  const fill = (page: string) => fillBlocks(page, new Map([["a", "A|B"]]), (path) => `text of ${path}\n`);

  it("replaces what stands between marks, and nothing else", () => {
    const page = "x\n<!-- table:a -->\nold\n\nold\n<!-- /table -->\ny\n<!-- file:s/x.py -->\n<!-- /file -->\n";
    const filled =
      "x\n<!-- table:a -->\nA|B\n<!-- /table -->\ny\n<!-- file:s/x.py -->\n```py\ntext of s/x.py\n```\n<!-- /file -->\n";
    expect(fill(page)).toBe(filled);
    expect(fill(filled)).toBe(filled);
  });

  it("leaves a page without marks alone, and refuses a name that nothing stands for", () => {
    expect(fill("no marks")).toBe("no marks");
    expect(() => fill("<!-- table:b -->\n<!-- /table -->")).toThrow(/no table "b"; there are a/);
  });
});

it.each([...printFiles(site, REPOSITORY)])("%s is what prewarm.config.ts says", (file, text) => {
  expect(readFileSync(join(root, file), "utf8")).toBe(text);
});

describe("the tables", () => {
  it("have a row for every setting, error and number", () => {
    const rows = (name: string) => tables.get(name)?.split("\n").slice(2) ?? [];
    expect(rows("errors")).toHaveLength(Object.keys(API_ERRORS).length);
    expect(rows("url")).toHaveLength(13);
    expect(rows("quality").map((row) => row.split(" ")[1])).toEqual(["1–29", "30–49", "50–69", "70–89", "90–100"]);
    expect(rows("deploy").map((row) => row.split("`")[1])).toEqual(Object.keys(environmentSchema.shape));
    for (const name of Object.keys(DEFAULTS))
      expect(tables.get("config")).toMatch(new RegExp(`^\\| \`${name}[.\`]`, "m"));
  });

  it("go red when a setting loses its doc comment", () => {
    const without = settings.replace(/ {2}\/\*\* What clients may do.*\n/, "");
    expect(without).not.toBe(settings);
    expect(() => printTables(without, deploy)).toThrow("no doc comment for freshness");
  });

  it("take a setting's meaning from its doc comment, groups included", () => {
    const docs = readSettings(settings);
    expect(docs.get("gate.burst")).toContain("at once");
    expect(docs.get("ladder")).toContain("ascending");
  });
});
