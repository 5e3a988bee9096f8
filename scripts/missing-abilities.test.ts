import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { purgeCommand } from "../apps/cli/src/commands/purge.ts";
import { defineConfig, FORMATS, POSITIONS, type UserConfig } from "../packages/shared/src/config.ts";
import { checkConfig } from "../packages/shared/src/config-check.ts";
import { PARAMETERS } from "../packages/shared/src/parameters.ts";
import { parseTransform } from "../packages/shared/src/transform.ts";

/*
 * docs/start.md lists the abilities that Prewarm does not have. Each row has a probe here, which fails on the day when the ability exists: then
 * the row goes.
 */

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const { paths }: { paths: Record<string, unknown> } = JSON.parse(read("docs/openapi.json"));

const source = { prefix: "", url: "https://cdn.example.com/{id}" };
const config = defineConfig({ sources: [source] });
const faults = (site: object): string[] => checkConfig(defineConfig(site as UserConfig));
const hasParameter = (...names: string[]): boolean =>
  names.some((name) => (PARAMETERS as readonly string[]).includes(name));

/** Whether the ability of a row, named by its first words, exists. */
const EXISTS: Record<string, () => boolean> = {
  "blur, rotate, trim": () => hasParameter("blur", "rotate", "trim", "watermark", "text", "sharpen"),
  "faces or salience": () => POSITIONS.some((position) => !["top", "bottom", "left", "right"].includes(position)),
  "any width without": () => parseTransform("w=801&f=webp", config).transform.width === 801,
  "a first view that waits": () =>
    /fallback: "original" \| "placeholder" \|/.test(read("packages/shared/src/config.ts")),
  "uploads, and storage": () =>
    Object.keys(paths).some((path) => /upload|originals/.test(path) && !path.includes("hooks")),
  enlarging: () => hasParameter("enlarge", "upscale", "max"),
  "video, animation, SVG": () => FORMATS.some((format) => !["avif", "webp", "jpeg", "png"].includes(format)),
  "headers or passwords": () =>
    [
      { ...source, headers: { authorization: "x" } },
      { prefix: "", url: "https://me:pw@cdn.example.com/{id}" },
    ].some((one) => faults({ sources: [one] }).length === 0),
  "purging by prefix": () => Object.keys(purgeCommand.flags).join() !== "yes" || "/api/v1/purge" in paths,
  "purging the edge's caches": () => config.edgeCache !== "colo",
  "a package on npm": () => JSON.parse(read("package.json")).private !== true,
  'a "deploy in a browser" button': () => read("README.md").includes("deploy.workers.cloudflare.com"),
  "a container": () => existsSync(join(ROOT, "Dockerfile")) || existsSync(join(ROOT, "compose.yml")),
};

const [, table = ""] = read("docs/start.md").split("| missing | reason | alternative |\n|---|---|---|\n");
const rows = [...table.matchAll(/^\| (.+?) \|/gm)].map(([, row = ""]) => row);

it.each(rows)("is missing: %s", (row) => {
  const probe = Object.entries(EXISTS).find(([words]) => row.startsWith(words));
  expect(probe, "the row has a probe").toBeDefined();
  expect(probe?.[1]()).toBe(false);
});

it("each probe belongs to a row", () => {
  expect(Object.keys(EXISTS).filter((words) => !rows.some((row) => row.startsWith(words)))).toEqual([]);
});
