import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";

// What each entry costs a page, minified and gzipped: alone, and beside the core, whose rules it shares.
const src = join(import.meta.dirname, "../src");
const CORE = `export { createCore } from "./create-prewarm.ts";`;
/** Loaded when they are called only. */
const later: Plugin = {
  name: "without what is loaded later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /./ }, ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : null)),
};

async function sizeOf(contents: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: src },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
    metafile: true,
    plugins: [later],
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const present = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  expect(present.filter((path) => /zod|config-|errors/.test(path))).toEqual([]);
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

describe("an entry's size in bytes", () => {
  it.each([
    // [entry, what of it, the most alone, the most beside the core]
    ["create-prewarm.ts", "createCore", 2310, 0],
    ["create-prewarm.ts", "createPrewarm", 3090, 800],
    ["create-prewarm.ts", "createMeta", 2280, 730],
    ["server.ts", "*", 1470, 1190],
    ["loaders/next.ts", "default as loader", 1960, 600],
    ["loaders/nuxt.ts", "default as loader", 1960, 600],
    ["loaders/astro.ts", "default as loader", 2480, 1080],
    ["loaders/unpic.ts", "createTransformer", 1930, 600],
    ["loaders/eleventy.ts", "urlFormat", 1910, 600],
    ["html.ts", "createHtml", 2880, 790],
    ["html-page.ts", "*", 1000, 1000],
    ["element.ts", "*", 700, 600],
    ["service-worker.ts", "*", 700, 610],
    // For development: no visitor loads it.
    ["inspect.ts", "*", 2480, 1880],
  ])("%s, %s: at most %i alone, %i beside the core", async (entry, name, alone, beside) => {
    const text = `export ${name === "*" ? name : `{ ${name} }`} from "./${entry}";`;
    const core = await sizeOf(CORE);
    const [own, both] = [await sizeOf(text), await sizeOf(name === "createCore" ? CORE : CORE + text)];
    console.log(`@prewarm/client ${entry} ${name}: ${own} B gzip alone, ${both - core} B beside the core`);
    expect(own).toBeLessThanOrEqual(alone);
    expect(both - core).toBeLessThanOrEqual(beside);
  });

  // It is a whole image service, which runs on servers only: the rules that all loaders share are in no budget twice.
  it("loaders/astro.ts: at most 600 beside the core and the shared rules", async () => {
    const rules = `${CORE}export * from "./loaders/modifiers.ts";`;
    const own =
      (await sizeOf(`${rules}export { default as service } from "./loaders/astro.ts";`)) - (await sizeOf(rules));
    console.log(`@prewarm/client loaders/astro.ts: ${own} B gzip beside the shared rules`);
    expect(own).toBeLessThanOrEqual(600);
  });
});
