import { cpSync, globSync } from "node:fs";
import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { buildDashboard } from "../../dev/dashboard.ts";
import { packagesIn, ROOT, readJson, VERSION, writePackage } from "./package-folder.ts";
import { GRAMMARS, writeTypes } from "./types.ts";

/** The package that a site installs: the command line, both Workers, the dashboard, and what a configuration imports. */
export async function buildPrewarm(folder: string): Promise<void> {
  const dist = join(folder, "dist");
  const bundles = [await bundleProgram(join(dist, "prewarm.mjs")), await bundleWorkers(dist)];
  await buildDashboard();
  cpSync(join(ROOT, "apps/dashboard/dist"), join(dist, "dashboard"), { recursive: true });
  writeTypes(join(dist, "types"));
  writePackage({
    folder,
    manifest: manifest(),
    readme: "apps/cli/README.md",
    bundled: [...bundles.flatMap(packagesIn), ...dashboardPackages()],
  });
}

/** The command line in one file, for Node 20 and later: a CI needs nothing else to warm. */
export async function bundleProgram(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: [join(ROOT, "apps/cli/src/main.ts")],
    outfile,
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    // What is written for `require` finds one.
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
  });
  return metafile;
}

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  metafile: true,
  logLevel: "warning",
} as const satisfies BuildOptions;

const WORKERS = {
  config: "packages/shared/src/config.ts",
  "create-edge": "workers/edge/src/create-edge.ts",
  "create-consumer": "workers/consumer/src/create-consumer.ts",
  "create-rewriter": "workers/rewriter/src/create-rewriter.ts",
  // `prewarm ittybit check` imports it, with Ittybit's client.
  "check-key": "workers/consumer/src/ittybit/check/check-key.ts",
  edge: "workers/edge/src/worker.ts",
  consumer: "workers/consumer/src/worker.ts",
  ...Object.fromEntries(GRAMMARS.map((name) => [`legacy/${name}`, `packages/legacy-urls/src/${name}.ts`])),
};

/** The Workers and the configuration's defaults, which they share: wrangler bundles them once more, with the site's configuration. */
async function bundleWorkers(outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: Object.fromEntries(Object.entries(WORKERS).map(([name, file]) => [name, join(ROOT, file)])),
    outdir,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    target: "es2024",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["module", "main"],
    external: ["node:*", "cloudflare:*"],
    plugins: [
      {
        // Where this repository's site has a path, another site has a name, which the wrangler files resolve.
        name: "prewarm-site",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/prewarm\.config\.ts$/ }, () => ({ path: "prewarm-site", external: true })),
      },
    ],
  });
  return metafile;
}

/** Vite leaves no list of what it bundled: these are the dashboard's dependencies. */
function dashboardPackages(): string[] {
  const app = join(ROOT, "apps/dashboard");
  const { dependencies = {} } = readJson(join(app, "package.json"));
  const names = Object.keys(dependencies as object).filter((name) => !name.startsWith("@prewarm/"));
  return [...names, "@preact/signals-core"].flatMap((name) => findPackage(app, name));
}

function findPackage(app: string, name: string): string[] {
  return globSync([`${app}/node_modules/${name}`, `${ROOT}/node_modules/.pnpm/*/node_modules/${name}`]).slice(0, 1);
}

function manifest() {
  const { description } = readJson(join(ROOT, "package.json"));
  const entry = (types: string, script: string) => ({
    types: `./dist/types/${types}.d.ts`,
    default: `./dist/${script}.js`,
  });
  return {
    name: PACKAGES.prewarm,
    description,
    keywords: ["cloudflare", "workers", "r2", "images", "srcset"],
    bin: { prewarm: "dist/prewarm.mjs" },
    files: ["dist", "THIRD-PARTY.txt"],
    // Warming needs Node 20; a command that reads prewarm.config.ts says that it needs more.
    engines: { node: ">=20" },
    sideEffects: false,
    exports: {
      "./config": entry("config", "config"),
      "./edge": entry("edge", "create-edge"),
      "./consumer": entry("consumer", "create-consumer"),
      ...Object.fromEntries(GRAMMARS.map((name) => [`./legacy/${name}`, entry(name, `legacy/${name}`)])),
      "./rewriter": entry("rewriter", "create-rewriter"),
      "./package.json": "./package.json",
    },
    // The two have one version: the local stack runs the Workers that are deployed.
    peerDependencies: { [PACKAGES.local]: VERSION },
    peerDependenciesMeta: { [PACKAGES.local]: { optional: true } },
  };
}
