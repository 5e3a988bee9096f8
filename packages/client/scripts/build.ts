// Builds the package as it is installed: JavaScript, types and a package.json without dependencies, in `packages/client/dist`.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FORMATS, QUALITIES } from "@prewarm/shared/config";
import { PACKAGES } from "@prewarm/shared/packages";
import { build } from "esbuild";
import { readJson, writePackage } from "../../../scripts/pack/package-folder.ts";

const home = join(import.meta.dirname, "..");
/** The folder to write; default `dist` beside the sources. */
const dist = process.argv[2] ?? join(home, "dist");
/** The entry that each subpath is. */
const ENTRIES: Record<string, string> = {
  index: "create-prewarm",
  server: "server",
  "server-in-browser": "server-in-browser",
  next: "loaders/next",
  nuxt: "loaders/nuxt",
  astro: "loaders/astro",
  unpic: "loaders/unpic",
  eleventy: "loaders/eleventy",
  payload: "cms/payload",
  emdash: "cms/emdash",
  sanity: "cms/sanity",
  hook: "cms/hook",
  html: "html",
  "html-page": "html-page",
  element: "element",
  sw: "service-worker",
  inspect: "inspect",
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
await build({
  absWorkingDir: home,
  entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(home, `src/${file}.ts`)])),
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  // For debuggers and error trackers; the maps hold the sources.
  sourcemap: true,
  chunkNames: "chunks/[name]-[hash]",
});
writeTypes();
writePackage({ folder: dist, manifest: manifest(), readme: "packages/client/README.md", bundled: [] });
console.log(dist);

function unionOf(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(" | ");
}

function writeTypes(): void {
  const types = join(dist, "types");
  const options = [
    "--declaration",
    "--emitDeclarationOnly",
    "--noEmit",
    "false",
    "--allowImportingTsExtensions",
    "false",
  ];
  const project = ["-p", join(home, "tsconfig.build.json"), "--outDir", types, "--rewriteRelativeImportExtensions"];
  execFileSync("tsc", [...project, ...options], { stdio: "inherit" });
  // The two types that are shared with the edge are written out, so that the package stands alone.
  writeFileSync(
    join(types, "names.d.ts"),
    [`export type Format = ${unionOf(FORMATS)};`, `export type Quality = ${unionOf(QUALITIES)};\n`].join("\n"),
  );
  for (const file of readdirSync(types, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".d.ts"),
  )) {
    const path = join(types, file);
    const up = "../".repeat(file.split("/").length - 1) || "./";
    const text = readFileSync(path, "utf8").replaceAll('"@prewarm/shared/config"', `"${up}names.js"`);
    writeFileSync(
      path,
      text.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"').replaceAll(/(import\("\.[^"]*)\.ts"/g, '$1.js"'),
    );
  }
}

function manifest() {
  const { description } = readJson(join(home, "package.json"));
  const entry = (key: string) => ({ types: `./types/${ENTRIES[key]}.d.ts`, default: `./${key}.js` });
  const subpaths = Object.keys(ENTRIES).filter((key) => key !== "index" && key !== "server-in-browser");
  const exports = {
    ".": entry("index"),
    ...Object.fromEntries(subpaths.map((key) => [`./${key}`, entry(key)])),
    "./server": { types: "./types/server.d.ts", browser: "./server-in-browser.js", default: "./server.js" },
    "./package.json": "./package.json",
  };
  // These two throw where they must not be.
  const sideEffects = ["./server.js", "./server-in-browser.js"];
  return { name: PACKAGES.client, description, sideEffects, exports };
}
