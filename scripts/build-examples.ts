// Builds the examples for frameworks with the real packages, pinned, for a local stack: every image URL that they print is read as the edge would
// (none may be refused, none may name another image), nothing of the private configuration may stand in what a browser could load, and a browser
// then shows each page. `build-examples.ts [name…]`. Takes minutes and the network, so it is not in the CI run.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { launchBrowser } from "../apps/dashboard/test/browser.ts";
import { freePort } from "../dev/listen.ts";
import { BASE, config, faultOf } from "../packages/client/src/testing/ask-edge.ts";
import { verify } from "../packages/shared/src/signature.ts";
import { startTestStack } from "../test/e2e/stack.ts";
import { faultsInBrowser, serveFolder } from "./show-example.ts";
import { workboxFaults } from "./show-workbox.ts";

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
/** next's example signs with it while it is built. */
const KEY = "a-key-that-no-page-may-hold";
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  // No build may carry what it could read here into a page.
  SIGNING_KEYS: KEY,
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  CI: "true",
};

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** What of an example is built for one edge. */
interface Place {
  edgeUrl: string;
  browser: Awaited<ReturnType<typeof launchBrowser>>;
}

/** Installs an example's packages in a folder of its own, for as long as `work` takes. */
async function inFolder<T>(name: string, edgeUrl: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `prewarm-example-${name}-`));
  try {
    cpSync(join(root, "examples", name), folder, { recursive: true });
    for (const file of globSync("**/*.{mjs,json}", { cwd: folder }))
      rewrite(join(folder, file), { "file:../../packages/client/dist": `file:${client}`, [BASE]: edgeUrl });
    const started = performance.now();
    run(folder, "npm", "install", "--install-links", "--no-audit", "--no-fund", "--loglevel=error");
    console.log(`${name}: installed in ${secondsSince(started)} s`);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function buildExample(name: string, page: string | null, { edgeUrl, browser }: Place): Promise<string[]> {
  return inFolder(name, edgeUrl, async (folder) => {
    const started = performance.now();
    run(folder, "npm", "run", "build");
    console.log(`${name}: built in ${secondsSince(started)} s`);
    const built = performance.now();
    const site = page === null ? await startServer(folder) : await serveFolder(join(folder, dirname(page)));
    try {
      const html = (await (await fetch(site.url)).text()).replaceAll(edgeUrl, BASE);
      const urls = urlsIn(html);
      const faults = [
        ...faultsOf(urls, html),
        ...secretsIn(folder),
        ...scriptsIn(name, folder, html),
        ...(name === "next" ? await signedFaults(join(folder, "out/signed.html")) : []),
        ...(await faultsInBrowser(browser, site.url)),
      ];
      console.log(`${name}: shown in ${secondsSince(built)} s; ${urls.length} URLs`);
      return faults;
    } finally {
      site.close();
    }
  });
}

/** examples/plain has no build; what it needs packages for is Workbox. */
function showPlain({ edgeUrl, browser }: Place): Promise<string[]> {
  return inFolder("plain", edgeUrl, async (folder) => {
    const started = performance.now();
    const faults = await workboxFaults(browser, folder, edgeUrl);
    console.log(`plain: shown with Workbox in ${secondsSince(started)} s`);
    return faults;
  });
}

function rewrite(path: string, words: Record<string, string>): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    Object.entries(words).reduce((now, [from, to]) => now.replaceAll(from, to), text),
  );
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

/** The key, what signs with it, and settings that the private configuration alone has. */
const SECRET = /a-key-that-no-page-may-hold|createHmac|SIGNING_KEYS|originalsWindowSeconds|cdn\.example\.com/;

/** The page that signs has URLs that the edge takes: the key was there, and is looked for in vain in what a browser could load. */
async function signedFaults(page: string): Promise<string[]> {
  const urls = urlsIn(readFileSync(page, "utf8")).filter((url) => url.includes("&s="));
  const verdicts = await Promise.all(
    urls.map((url) => verify(new URL(url).pathname, new URL(url).search, [KEY], config, Date.now() / 1000)),
  );
  if (urls.length < 5) return [`${page} has ${urls.length} signed URLs`];
  return verdicts.flatMap((verdict, n) => (verdict === "ok" ? [] : [`${urls[n]}: ${verdict}`]));
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
    .filter((path) => SECRET.test(readFileSync(path, "latin1")))
    .map((path) => `${path} holds what only a server may know`);
}

/** Loaders of these run while the site is built, and cost a page nothing. */
const SCRIPTLESS = ["astro", "eleventy"];

function scriptsIn(name: string, folder: string, html: string): string[] {
  if (!SCRIPTLESS.includes(name)) return [];
  const files = globSync(["dist/**/*.js", "_site/**/*.js"], { cwd: folder });
  return [...files, ...(html.match(/<script\b/g) ?? [])].map((script) => `${script} is a script in the page`);
}

const asked = process.argv.slice(2);
execFileSync(process.execPath, [join(root, "packages/client/scripts/build.ts")], { cwd: root, env, stdio: "inherit" });
const [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
try {
  const place = { edgeUrl: stack.edgeUrl, browser };
  const examples: [string, () => Promise<string[]>][] = [
    ["plain", () => showPlain(place)],
    ...Object.entries(PAGES).map(([name, page]): [string, () => Promise<string[]>] => [
      name,
      () => buildExample(name, page, place),
    ]),
  ];
  for (const [name, show] of examples) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const faults = await show();
    for (const fault of faults) console.error(`${name}: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await stack.close();
}
