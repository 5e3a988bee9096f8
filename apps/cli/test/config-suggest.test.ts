import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecipeSuggestion } from "@prewarm/control-schema/recipe";
import { expect, it } from "vitest";
import { tempFolder } from "../../../test/temp-folder.ts";
import { EXIT } from "../src/platform/exit-codes.ts";
import { runCli } from "../src/run-cli.ts";
import { createWorld } from "./testing/fake-world.ts";

const CONFIG = `export default {
  sources: [{ prefix: "", url: "https://o.example/{id}" }],
  pages: { widths: [320, 640], formats: ["webp"] },
};
`;
const suggestion: RecipeSuggestion = {
  state: "learned",
  text: null,
  from: 0,
  at: 1,
  add: [{ line: "pages.widths: add 960", views: 1200, images: 30, days: 9, jobsPerUpload: 1, amount: 0.002 }],
  drop: [{ line: "widths high", spec: "w=640&f=webp", formats: ["webp"], views: 2, jobsPerUpload: 1, amount: 0.002 }],
  jobs: { before: 3, after: 3 },
  pages: { widths: [320, 960], formats: ["webp"], qualities: ["high"], ratios: [] },
};

async function run(answer: RecipeSuggestion) {
  const cwd = tempFolder("prewarm-recipe-");
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  const env = { ADMIN_TOKEN: "operator", PREWARM_CONFIG: "prewarm.config.mjs" };
  const world = createWorld({ cwd, env, fetch: () => new Response(JSON.stringify(answer)) });
  const code = await runCli(["config", "--suggest"], world.context, () => {});
  return { code, out: world.stdout(), said: world.stderr() };
}

it("prewarm config --suggest prints the diff, and beside it what each line gains and saves", async () => {
  const { code, out, said } = await run(suggestion);
  expect(code).toBe(EXIT.ok);
  expect(out.split("\n")).toEqual([
    ...["--- a/prewarm.config.mjs", "+++ b/prewarm.config.mjs", "@@ -1,4 +1,4 @@", " export default {"],
    '   sources: [{ prefix: "", url: "https://o.example/{id}" }],',
    '-  pages: { widths: [320, 640], formats: ["webp"] },',
    '+  pages: { widths: [320, 960], formats: ["webp"] },',
    ...[" };", ""],
  ]);
  for (const text of [
    "pages.widths: add 960",
    "+1,200 views",
    "0.0020 an upload",
    "w=640&f=webp",
    "no page asks for it",
  ])
    expect(said).toContain(text);
});

it("has no diff where the recipe is written by hand, and says what is missing", async () => {
  const { out, said } = await run({ ...suggestion, pages: null, state: "off", text: "Views are not counted" });
  expect(out).toBe("");
  expect(said).toContain("Views are not counted");
});
