// Builds the examples for frameworks with the real packages, pinned, and reads every image URL of what they print as the edge would: none
// may be refused, none may name another image. `build-examples.ts [name…]`. Takes minutes and the network, so it is not in the CI run.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePort } from "../dev/listen.ts";
import { BASE, faultOf } from "../packages/client/src/testing/ask-edge.ts";

const root = dirname(import.meta.dirname);
const client = join(root, "packages/client/dist");
/** Where each build leaves its page; null: its server answers with it. */
const PAGES: Record<string, string | null> = {
  next: "out/index.html",
  nuxt: null,
  astro: "dist/index.html",
  unpic: "dist/index.html",
  eleventy: "_site/index.html",
};
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  CI: "true",
};

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function buildExample(name: string, page: string | null): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), `prewarm-example-${name}-`));
  try {
    cpSync(join(root, "examples", name), folder, { recursive: true });
    const manifest = readFileSync(join(folder, "package.json"), "utf8");
    writeFileSync(join(folder, "package.json"), manifest.replace("file:../../packages/client/dist", `file:${client}`));
    const started = performance.now();
    run(folder, "npm", "install", "--install-links", "--no-audit", "--no-fund", "--loglevel=error");
    const installed = performance.now();
    run(folder, "npm", "run", "build");
    const built = performance.now();
    const html = page === null ? await askServer(folder) : readFileSync(join(folder, page), "utf8");
    const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
    const urls = urlsIn(html);
    console.log(
      `${name}: installed in ${seconds(started, installed)} s, built in ${seconds(installed, built)} s, ${urls.length} URLs`,
    );
    return [...faultsOf(urls, html), ...secretsIn(folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askServer(folder: string): Promise<string> {
  const port = await freePort(0, true);
  const server = spawn(process.execPath, [".output/server/index.mjs"], {
    cwd: folder,
    env: { ...env, PORT: String(port) },
  });
  try {
    for (let n = 0; n < 100; n++) {
      const answer = await fetch(`http://localhost:${port}/`).catch(() => null);
      if (answer?.ok) return await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the built server does not answer");
  } finally {
    server.kill();
  }
}

function urlsIn(html: string): string[] {
  const text = html.replaceAll("&amp;", "&").replaceAll("&#x27;", "'");
  return [...new Set(text.match(/https:\/\/images\.example\.com\/images\/[^\s"',<>\\]+/g) ?? [])];
}

const MEANT = [
  "landscape.jpg",
  "phone.jpg",
  "portrait.jpg",
  "hero.jpg",
  "cut-out.png",
  "faces.jpg",
  "albums/%C3%A9t%C3%A9%202026/plage.webp",
];

function faultsOf(urls: readonly string[], html: string): string[] {
  const refused = urls.flatMap((url) => {
    try {
      const fault = faultOf(url);
      return fault === null ? [] : [`${url}: ${fault}`];
    } catch (error) {
      return [`${url}: ${error}`];
    }
  });
  const absent = MEANT.filter((id) => !urls.some((url) => url.startsWith(`${BASE}/images/${id}`)));
  const images = html.match(/<img\b/g)?.length ?? 0;
  return [
    ...refused,
    ...absent.map((id) => `no URL names ${id}`),
    ...(images === 8 ? [] : [`${images} images instead of 8`]),
  ];
}

/** What a browser could load must hold nothing of the private configuration. */
function secretsIn(folder: string): string[] {
  const files = globSync(["out/**/*", ".output/public/**/*", "dist/**/*", "_site/**/*"], {
    cwd: folder,
    withFileTypes: true,
  });
  return files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => /createHmac|SIGNING_KEYS|originalsWindowSeconds/.test(readFileSync(path, "latin1")))
    .map((path) => `${path} holds what only a server may know`);
}

const asked = process.argv.slice(2);
execFileSync(process.execPath, [join(root, "packages/client/scripts/build.ts")], { cwd: root, env, stdio: "inherit" });
for (const [name, page] of Object.entries(PAGES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const faults = await buildExample(name, page);
  for (const fault of faults) console.error(`${name}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
