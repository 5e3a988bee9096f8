import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { describe, expect, it } from "vitest";

// What each entry costs a page, minified and gzipped. `own`: beside the rules that all share.
const src = join(import.meta.dirname, "../src");
const SHARED = /\/(image-url|public-config|defaults|info|modifiers)\.ts$|^@prewarm\/shared/;
const withoutShared: Plugin = {
  name: "without the shared rules",
  setup: ({ onResolve }) =>
    onResolve({ filter: SHARED }, ({ path, kind }) => (kind === "entry-point" ? null : { path, external: true })),
};
/** Loaded when they are called only. */
const later: Plugin = {
  name: "without what is loaded later",
  setup: ({ onResolve }) =>
    onResolve({ filter: /./ }, ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : null)),
};

async function sizeOf(entry: string, plugins: Plugin[], name = "*"): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${name === "*" ? name : `{ ${name} }`} from "./${entry}"`, resolveDir: src },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    metafile: true,
    plugins,
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const present = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  expect(present.filter((path) => /zod|config-|errors/.test(path))).toEqual([]);
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

describe("an entry's size in bytes", () => {
  it.each([
    // [entry, what of it, the most, the most beside the shared rules]
    ["create-prewarm.ts", "createCore", 2100, 1080],
    ["create-prewarm.ts", "createPrewarm", 2760, 1780],
    ["server.ts", "*", 1950, 980],
    ["loaders/next.ts", "default", 1900, 600],
    ["loaders/nuxt.ts", "default", 1900, 600],
    ["loaders/astro.ts", "default", 2700, 1150],
    ["loaders/unpic.ts", "createTransformer", 1900, 600],
    ["loaders/eleventy.ts", "urlFormat", 1900, 600],
    ["element.ts", "*", 1500, 1500],
    ["service-worker.ts", "*", 600, 600],
  ])("%s, %s: at most %i, own at most %i", async (entry, name, whole, own) => {
    const [all, mine] = [await sizeOf(entry, [later], name), await sizeOf(entry, [later, withoutShared], name)];
    console.log(`@prewarm/client ${entry} ${name}: ${all} B gzip, ${mine} B of it its own`);
    expect(all).toBeLessThanOrEqual(whole);
    expect(mine).toBeLessThanOrEqual(own);
  });
});
