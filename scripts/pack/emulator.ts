import { join } from "node:path";
import { PACKAGES, SITE_NODE } from "@prewarm/shared/packages";
import { build } from "esbuild";
import { NO_PLATFORM, writeDeclarations } from "./declarations.ts";
import { ROOT, readJson, writePackage } from "./package-folder.ts";

const HOME = join(ROOT, "packages/ittybit-emulator");

/** The local Ittybit, for tests of others: a program, and a server to start in a test. npm installs what it imports. */
export async function buildEmulator(folder: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { main: join(HOME, "src/main.ts"), server: join(HOME, "src/server.ts") },
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node22",
    chunkNames: "chunks/[name]-[hash]",
    logLevel: "warning",
  });
  writeDeclarations(join(HOME, "src"), ["server.ts"], join(folder, "dist/types"), NO_PLATFORM);
  const { description, keywords, dependencies } = readJson(join(HOME, "package.json"));
  writePackage({
    folder,
    manifest: {
      name: PACKAGES.emulator,
      description,
      keywords,
      dependencies,
      files: ["dist"],
      engines: { node: `>=${SITE_NODE}` },
      bin: { "ittybit-emulator": "dist/main.js" },
      exports: {
        "./server": { types: "./dist/types/server.d.ts", default: "./dist/server.js" },
        "./package.json": "./package.json",
      },
    },
    readme: "packages/ittybit-emulator/README.md",
    bundled: [],
  });
}
