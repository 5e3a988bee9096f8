import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { defineConfig } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { expect, it } from "vitest";
import { RECIPES } from "./testing/recipes.ts";

const text = readFileSync(fileURLToPath(import.meta.resolve("../../../../docs/hooks.md")), "utf8");

/** Every block of code in TypeScript, read as hooks. */
function printed(): string {
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  return String(runInNewContext(`JSON.stringify({${blocks.join("\n")}})`));
}

it("docs/hooks.md prints the recipes that are tested, and they pass the configuration's check", () => {
  expect(JSON.parse(printed())).toEqual(RECIPES);
  const config = defineConfig({
    sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
    hooks: RECIPES,
  });
  expect(checkConfig(config)).toEqual([]);
});
