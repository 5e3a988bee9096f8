import { readFileSync } from "node:fs";
import { join } from "node:path";
import { printFiles, REPOSITORY } from "@prewarm/wrangler-files/wrangler-files";
import { describe, expect, it } from "vitest";
import { API_ERRORS } from "../packages/shared/src/api-errors.ts";
import { defineConfig, type UserConfig } from "../packages/shared/src/config.ts";
import { checkConfig } from "../packages/shared/src/config-check.ts";
import { configSchema } from "../packages/shared/src/config-schema.ts";
import { environmentSchema } from "../packages/shared/src/deploy-schema.ts";
import { settingsIn } from "../packages/shared/src/setting-leaves.ts";
import site from "../prewarm.config.ts";
import { fillBlocks } from "./print-tables.ts";
import { printTables, readSettings } from "./tables.ts";

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const root = join(import.meta.dirname, "..");
const settings = readFileSync(join(root, "packages/shared/src/config.ts"), "utf8");
const deploy = readFileSync(join(root, "packages/shared/src/deploy.ts"), "utf8");
const tables = printTables(settings, deploy);

describe("fillBlocks", () => {
  const tables = new Map([
    ["a", "A|B"],
    ["c", "C"],
  ]);
  const fill = (page: string) => fillBlocks(page, tables, (path) => `text of ${path}\n`);

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

  it("refuses a second block of the same name in a page", () => {
    const [a, c] = ["a", "c"].map((name) => `<!-- table:${name} -->\n<!-- /table -->\n`);
    expect(fill(`${a}${c}`)).toContain("A|B");
    expect(() => fill(`${a}${c}x\n${a}`)).toThrow("the block table:a stands twice");
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
    expect(rows("config").map((row) => row.split("`")[1])).toEqual([...settingsIn(configSchema).keys()]);
  });

  it.each([
    / {3}\* What clients may do.*\n/,
    / {3}\* @neededBy sites that replace.*\n/,
    / {3}\* @example freshness.*\n/,
  ])("go red when a setting loses %s", (part) => {
    const without = settings.replace(part, "");
    expect(without).not.toBe(settings);
    expect(() => printTables(without, deploy)).toThrow("freshness lacks its sentence, @neededBy or @example");
  });

  it("take a setting's meaning from its doc comment, groups included", () => {
    const docs = readSettings(settings);
    expect(docs.get("gate.burst")?.meaning).toContain("at once");
    expect(docs.get("budget.shares.live")?.example).toBe("budget: { shares: { live: 0 } }");
    expect(docs.get("noise")?.meaning).toMatch(/^Parameters of a URL/);
  });

  it("show examples that are sound", () => {
    const examples = [...readSettings(settings)]
      .map(([, { example }]) => example)
      .filter((one) => !/cloudinary\(/.test(one));
    const faults = examples.flatMap((example) => {
      const site: object = new Function(`return { ${example} }`)();
      const presets = { card: "w=640" };
      return checkConfig(defineConfig({ sources: SOURCES, presets, ...site } as UserConfig)).map((fault) => [
        example,
        fault,
      ]);
    });
    expect([examples.length, faults]).toEqual([settingsIn(configSchema).size - 1, []]);
  });
});
