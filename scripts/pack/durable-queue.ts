import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { build } from "esbuild";
import { NO_PLATFORM, writeDeclarations } from "./declarations.ts";
import { packagesIn, ROOT, readJson, writePackage } from "./package-folder.ts";

const HOME = join(ROOT, "packages/durable-queue");
/** The name of each entry, and its source. */
const ENTRIES = { client: "client", testing: "testing/testing" };

/** The queue, for Workers of others: plain JavaScript with types, and nothing to install beside it. */
export async function buildDurableQueue(folder: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, file]) => [name, join(HOME, `src/${file}.ts`)]),
    ),
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    target: "es2024",
    platform: "neutral",
    external: ["node:*"],
    metafile: true,
    logLevel: "warning",
  });
  const sources = Object.values(ENTRIES).map((file) => `${file}.ts`);
  writeDeclarations(join(HOME, "src"), sources, join(folder, "dist/types"), NO_PLATFORM);
  const { description, keywords } = readJson(join(HOME, "package.json"));
  const entry = (name: keyof typeof ENTRIES) => ({
    types: `./dist/types/${ENTRIES[name]}.d.ts`,
    default: `./dist/${name}.js`,
  });
  writePackage({
    folder,
    manifest: {
      name: PACKAGES.queue,
      description,
      keywords,
      files: ["dist"],
      sideEffects: false,
      exports: { ".": entry("client"), "./testing": entry("testing"), "./package.json": "./package.json" },
    },
    readme: "packages/durable-queue/README.md",
    bundled: packagesIn(metafile),
  });
}
