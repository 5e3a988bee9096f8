import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePort } from "../../dev/listen.ts";
import { BASE } from "../../packages/client/src/testing/ask-edge.ts";
import { serveFolder } from "./show-example.ts";

/* Examples for frameworks, each in a folder of its own with the real packages installed. */

const root = join(import.meta.dirname, "../..");
const USAGES = join(root, "packages/client/test/sweep/usages");
const client = join(root, "packages/client/dist");
/** Where each build leaves its page; null: its server answers with it. The others are files. */
export const PAGES: Record<string, string | null> = {
  next: "out/index.html",
  nuxt: null,
  astro: "dist/index.html",
  unpic: "dist/index.html",
  eleventy: "_site/index.html",
};
/** The images of every example's page. */
export const IMAGES = [
  "landscape.jpg",
  "phone.jpg",
  "portrait.jpg",
  "hero.jpg",
  "cut-out.png",
  "faces.jpg",
  "albums/été 2026/plage.webp",
];
/** The page of twenty usages of each: what it is here, what it is in the example's folder, and its path in the site. */
const USAGE_PAGES: Record<string, { from: string; to: string; path: string }> = {
  next: { from: "next.jsx", to: "app/usages/page.jsx", path: "usages.html" },
  nuxt: { from: "nuxt.vue", to: "components/UsagesPage.vue", path: "usages" },
  astro: { from: "astro.astro", to: "src/pages/usages.astro", path: "usages/" },
  unpic: { from: "unpic.mjs", to: "write-usages.mjs", path: "usages.html" },
  eleventy: { from: "eleventy.njk", to: "usages.njk", path: "usages/" },
};
/** The signed examples sign with it. */
export const KEY = "a-key-that-no-page-may-hold";
export const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  // No build may carry what it could read here into a page.
  SIGNING_KEYS: KEY,
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  CI: "true",
};

export function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Installs an example's packages in a folder of its own, for as long as `work` takes. */
export async function inFolder<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `prewarm-example-${name}-`));
  try {
    writeExample(name, folder, BASE);
    const started = performance.now();
    run(folder, "npm", "install", "--install-links", "--no-audit", "--no-fund", "--loglevel=error");
    console.log(`${name}: installed in ${secondsSince(started)} s`);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Puts the example's files in the place of all that is in the folder but its packages. `isSigned`: with the files of `signed/` above them, and
 * without the page of usages, whose sources have no signature.
 */
export function writeExample(name: string, folder: string, edgeUrl: string, isSigned = false): void {
  const kept = ["node_modules", "package-lock.json"];
  for (const each of readdirSync(folder)) if (!kept.includes(each)) rmSync(join(folder, each), { recursive: true });
  const example = join(root, "examples", name);
  const signed = join(example, "signed");
  cpSync(example, folder, { recursive: true, filter: (path) => path !== signed });
  if (isSigned) cpSync(signed, folder, { recursive: true });
  else addUsages(name, folder);
  for (const file of globSync("**/*.{mjs,json,jsx,vue,astro,njk}", { cwd: folder, exclude: ["node_modules"] }))
    rewrite(join(folder, file), { "file:../../packages/client/dist": `file:${client}`, [BASE]: edgeUrl });
}

/** The edge's URLs in what a browser reads. */
export function urlsIn(html: string, edgeUrl: string): string[] {
  const text = html
    .replaceAll("&amp;", "&")
    .replaceAll("&#x27;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("\\\\u0026", "&")
    .replaceAll("\\u0026", "&");
  const all = text.match(/https?:\/\/[^\s"',<>\\)]+/g) ?? [];
  return [...new Set(all.filter((url) => url.startsWith(`${edgeUrl}/images/`)))];
}

export function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function rewrite(path: string, words: Record<string, string>): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    Object.entries(words).reduce((now, [from, to]) => now.replaceAll(from, to), text),
  );
}

/** Puts the page of usages beside the example's own. Nuxt's example is one page, so both become components of one that looks at its address. */
function addUsages(name: string, folder: string): void {
  const usages = USAGE_PAGES[name];
  if (usages === undefined) return;
  cpSync(join(USAGES, usages.from), join(folder, usages.to), { recursive: true });
  if (name !== "nuxt") return;
  cpSync(join(folder, "app.vue"), join(folder, "components/ExamplePage.vue"));
  const script = `<script setup>const isUsages = useRequestURL().pathname === "/${usages.path}";</script>`;
  const template = `<template><UsagesPage v-if="isUsages" /><ExamplePage v-else /></template>`;
  writeFileSync(join(folder, "app.vue"), `${script}\n${template}\n`);
}

/** A built site on a free port. */
export interface Site {
  /** The example's page, with a slash at its end. */
  url: string;
  /** The page of twenty usages. */
  usages: string;
  close(): void;
}

/** Builds what lies in the folder, and serves it. The page of usages is there unless the example is signed. */
export async function buildSite(name: string, folder: string): Promise<Site> {
  const started = performance.now();
  run(folder, "npm", "run", "build");
  if (existsSync(join(folder, "write-usages.mjs"))) run(folder, process.execPath, "write-usages.mjs");
  console.log(`${name}: built in ${secondsSince(started)} s`);
  const page = PAGES[name];
  const site = page ? await serveFolder(join(folder, dirname(page))) : await startServer(folder);
  return { ...site, usages: `${site.url}${USAGE_PAGES[name]?.path}` };
}

async function startServer(folder: string): Promise<{ url: string; close(): void }> {
  const port = await freePort(0, true);
  const server = spawn(process.execPath, [".output/server/index.mjs"], {
    cwd: folder,
    env: { ...env, PORT: String(port) },
  });
  const url = `http://localhost:${port}/`;
  for (let n = 0; n < 100; n++) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return { url, close: () => server.kill() };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.kill();
  throw new Error("the built server does not answer");
}
