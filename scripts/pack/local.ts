import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { PACKAGES, SITE_NODE } from "@prewarm/shared/packages";
import { type BuildOptions, build } from "esbuild";
import { GALLERY_BUILD } from "../../dev/gallery-server.ts";
import { packagesIn, ROOT, readJson, writePackage } from "./package-folder.ts";

const devDependencies = readJson(join(ROOT, "package.json")).devDependencies as Record<string, string>;
/** What has binaries, or is a program of its own, or has sample pictures: npm installs it beside the package, as this repository pins it. */
const INSTALLED = Object.entries(devDependencies).filter(([name]) =>
  ["esbuild", "miniflare", "sharp", "wrangler"].includes(name),
);
/** Sample pictures that are files of this repository. */
const SAMPLES = join(ROOT, "dev/samples");

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
    external: INSTALLED.map(([name]) => name),
  });
  // A part of the Workers: it is bundled once more, beside them.
  const limits = await build({
    ...COMMON,
    entryPoints: { "platform-limits": join(ROOT, "dev/limits/platform-limits.ts") },
    outdir: join(folder, "dist/limits"),
    platform: "neutral",
    external: ["node:*", "cloudflare:*"],
  });
  const gallery = await build({
    ...COMMON,
    ...GALLERY_BUILD,
    entryPoints: { main: join(ROOT, "dev/gallery/main.ts") },
    outdir: join(folder, "dist/gallery"),
  });
  for (const name of ["index.html", "style.css"])
    cpSync(join(ROOT, "dev/gallery", name), join(folder, "dist/gallery", name));
  if (existsSync(SAMPLES)) cpSync(SAMPLES, join(folder, "dist/samples"), { recursive: true });
  writePackage({
    folder,
    manifest: {
      name: PACKAGES.local,
      description: "The local stack of Prewarm: both Workers, an Ittybit that makes real pictures, and wrangler",
      files: ["dist", "THIRD-PARTY.txt"],
      engines: { node: `>=${SITE_NODE}` },
      exports: { ".": "./dist/dev.js", "./package.json": "./package.json" },
      dependencies: Object.fromEntries(INSTALLED),
    },
    readme: "dev/README.md",
    bundled: [program, limits, gallery].flatMap(({ metafile }) => packagesIn(metafile)),
  });
}
