import { join } from "node:path";
import { PACKAGES, SITE_NODE } from "@prewarm/shared/packages";
import { type BuildOptions, build } from "esbuild";
import { packagesIn, ROOT, readJson, writePackage } from "./package-folder.ts";

/** What has binaries, or is a program of its own: npm installs it beside the package. */
const INSTALLED = ["esbuild", "exif", "exif-js", "miniflare", "sharp", "tracking", "wrangler"];

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

/** The local stack: `startDev`, the platform's limits that it puts in front of the Workers, and wrangler. */
export async function buildLocal(folder: string): Promise<void> {
  const program = await build({
    ...COMMON,
    entryPoints: { dev: join(ROOT, "dev/start-dev.ts") },
    outdir: join(folder, "dist"),
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    external: INSTALLED,
  });
  // A part of the Workers: it is bundled once more, beside them.
  const limits = await build({
    ...COMMON,
    entryPoints: { "platform-limits": join(ROOT, "dev/limits/platform-limits.ts") },
    outdir: join(folder, "dist/limits"),
    platform: "neutral",
    external: ["node:*", "cloudflare:*"],
  });
  writePackage({
    folder,
    manifest: {
      name: PACKAGES.local,
      description: "The local stack of Prewarm: both Workers, an Ittybit that makes real pictures, and wrangler",
      files: ["dist", "THIRD-PARTY.txt"],
      engines: { node: `>=${SITE_NODE}` },
      exports: { ".": "./dist/dev.js", "./package.json": "./package.json" },
      dependencies: Object.fromEntries(INSTALLED.map((name) => [name, pinned(name)])),
    },
    readme: "dev/README.md",
    bundled: [program, limits].flatMap(({ metafile }) => packagesIn(metafile)),
  });
}

/** The version that this repository is tested with. */
function pinned(name: string): unknown {
  const { devDependencies } = readJson(join(ROOT, "package.json"));
  return (devDependencies as Record<string, unknown>)[name];
}
