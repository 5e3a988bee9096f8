// Builds the examples for frameworks with the real packages, pinned, for a local stack, each also as a site under `access: "private"`: every image URL
// that they print is read as the edge would (none may be refused, none may name another image), nothing of the private configuration may stand in
// what a browser could load, and a browser then shows each page. `build-examples.ts [name…]`. Takes minutes and the network, so it is not in the CI run.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { writePage } from "../../examples/plain/write-page.ts";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import { BASE, config, faultOf } from "../../packages/client/src/testing/ask-edge.ts";
import { publicConfig } from "../../packages/shared/src/public-config.ts";
import { verify } from "../../packages/shared/src/signature.ts";
import shipped from "../../prewarm.config.ts";
import { buildSite, env, IMAGES, inFolder, KEY, PAGES, secondsSince, urlsIn, writeExample } from "./example-folder.ts";
import { coldUrls, type Sweep, uploadByHook } from "./hook-alone.ts";
import { faultsInBrowser, serveFolder } from "./show-example.ts";
import { workboxFaults } from "./show-workbox.ts";
import { startSignedStack } from "./signed-edge.ts";

/** Builds an example as it is, and in the same folder as a site under `access: "private"`. */
function buildExample(name: string, open: Sweep, signed: Sweep): Promise<string[]> {
  return inFolder(name, async (folder) => [
    ...(await builtFaults(name, folder, open, false)),
    ...(await builtFaults(name, folder, signed, true)),
  ]);
}

async function builtFaults(name: string, folder: string, sweep: Sweep, isSigned: boolean): Promise<string[]> {
  const what = isSigned ? `${name}, signed` : `${name}, the example`;
  writeExample(name, folder, sweep.edgeUrl, isSigned);
  const site = await buildSite(name, folder);
  const built = performance.now();
  try {
    const html = (await (await fetch(site.url)).text()).replaceAll(sweep.edgeUrl, BASE);
    const urls = urlsIn(html, BASE);
    const faults = [
      ...faultsOf(urls, html),
      ...secretsIn(folder),
      ...scriptsIn(name, folder, html),
      ...(await faultsInBrowser(sweep.browser, site.url)),
      ...(await coldUrls(what, site.url, sweep)),
      ...(await (isSigned ? signatureFaults(urls) : coldUrls(`${name}, twenty usages`, site.usages, sweep))),
    ];
    console.log(`${what}: shown in ${secondsSince(built)} s; ${urls.length} URLs`);
    return faults.map((fault) => `${what}: ${fault}`);
  } finally {
    site.close();
  }
}

/** examples/plain has no build: its page is printed, beside every preset; what it needs packages for is Workbox. */
function showPlain(sweep: Sweep): Promise<string[]> {
  return inFolder("plain", async (folder) => {
    const { browser, edgeUrl } = sweep;
    const started = performance.now();
    const faults = await workboxFaults(browser, folder, edgeUrl);
    console.log(`plain: shown with Workbox in ${secondsSince(started)} s`);
    const prewarm = createPrewarm({ ...publicConfig(shipped), baseUrl: edgeUrl });
    const presets = Object.keys(shipped.presets) as (keyof typeof shipped.presets)[];
    const images = presets.map((preset) => prewarm.img("hero.jpg", { preset }));
    writeFileSync(join(folder, "index.html"), writePage(edgeUrl).replace("</body>", `${images.join("\n")}</body>`));
    const site = await serveFolder(folder);
    try {
      const cold = await coldUrls("plain, with presets", site.url, sweep);
      return [...faults, ...cold].map((fault) => `plain: ${fault}`);
    } finally {
      site.close();
    }
  });
}

/** Every URL is of the open set, as the page of a site under `access: "private"` needs it too, and every image is there. */
function faultsOf(urls: readonly string[], html: string): string[] {
  const refused = urls.flatMap((url) => {
    try {
      const fault = faultOf(url);
      return fault === null ? [] : [`${url}: ${fault}`];
    } catch (error) {
      return [`${url}: ${error}`];
    }
  });
  const absent = IMAGES.filter((id) => !urls.some((url) => url.startsWith(`${BASE}/images/${encodeURI(id)}`)));
  const images = html.match(/<img\b/g)?.length ?? 0;
  return [
    ...refused,
    ...absent.map((id) => `no URL names ${id}`),
    ...(images === 8 ? [] : [`${images} images instead of 8`]),
  ];
}

/** Every URL of a signed page has a signature that the edge takes. */
async function signatureFaults(urls: readonly string[]): Promise<string[]> {
  const now = Date.now() / 1000;
  const verdicts = await Promise.all(
    urls.map((url) => verify(new URL(url).pathname, new URL(url).search, [KEY], config, now)),
  );
  return verdicts.flatMap((verdict, n) => (verdict === "ok" ? [] : [`${urls[n]}: ${verdict}`]));
}

/** The key, what signs with it, and settings that the private configuration alone has. */
const SECRET = /a-key-that-no-page-may-hold|createHmac|SIGNING_KEYS|originalsWindowSeconds|cdn\.example\.com/;

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
const client = join(import.meta.dirname, "../../packages/client/scripts/build.ts");
execFileSync(process.execPath, [client], { env, stdio: "inherit" });
const [browser, stack, other] = await Promise.all([launchBrowser(), startSignedStack(), startSignedStack()]);
try {
  await uploadByHook(other);
  const open = { browser, edgeUrl: stack.edgeUrl, uploadedUrl: other.edgeUrl };
  const signed = { browser, edgeUrl: stack.signedUrl, uploadedUrl: other.signedUrl };
  const examples: [string, () => Promise<string[]>][] = [
    ["plain", () => showPlain(open)],
    ...Object.keys(PAGES).map((name): [string, () => Promise<string[]>] => [
      name,
      () => buildExample(name, open, signed),
    ]),
  ];
  for (const [name, show] of examples) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const faults = await show();
    for (const fault of faults) console.error(fault);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await Promise.all([stack.close(), other.close()]);
}
