import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { build } from "esbuild";
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
  writeTypes(join(folder, "dist/types"));
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

/** The declaration files lie as the sources do, and name no types but their own and those of the language. */
function writeTypes(outDir: string): void {
  const work = mkdtempSync(join(tmpdir(), "prewarm-types-"));
  try {
    const project = join(work, "tsconfig.json");
    writeFileSync(project, JSON.stringify(projectOf(outDir)));
    execFileSync("tsc", ["--project", project], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function projectOf(outDir: string): object {
  return {
    files: Object.values(ENTRIES).map((file) => join(HOME, `src/${file}.ts`)),
    compilerOptions: {
      ...{ declaration: true, emitDeclarationOnly: true, rootDir: join(HOME, "src"), outDir },
      ...{ strict: true, exactOptionalPropertyTypes: true, target: "es2024", lib: ["es2024"] },
      ...{ types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] },
      ...{ module: "esnext", moduleResolution: "bundler", rewriteRelativeImportExtensions: true },
    },
  };
}
