// Builds the examples for frameworks with the real packages, pinned, for a local stack: every image URL that they print is read as the edge would
// (none may be refused, none may name another image), nothing of the private configuration may stand in what a browser could load, and a browser
// then shows each page. `build-examples.ts [name…]`. Takes minutes and the network, so it is not in the CI run.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "../apps/dashboard/test/browser.ts";
import { writePage } from "../examples/plain/write-page.ts";
import { createPrewarm } from "../packages/client/src/create-prewarm.ts";
import { BASE, config, faultOf } from "../packages/client/src/testing/ask-edge.ts";
import { publicConfig } from "../packages/shared/src/public-config.ts";
import { verify } from "../packages/shared/src/signature.ts";
import shipped from "../prewarm.config.ts";
import { startTestStack } from "../test/e2e/stack.ts";
import { buildSite, env, inFolder, KEY, PAGES, secondsSince } from "./example-folder.ts";
import { coldUrls, type Sweep, uploadByHook } from "./hook-alone.ts";
import { faultsInBrowser, serveFolder } from "./show-example.ts";
import { workboxFaults } from "./show-workbox.ts";

/** What of an example is built for one edge. */
interface Place {
  edgeUrl: string;
  browser: Awaited<ReturnType<typeof launchBrowser>>;
  /** Another stack, to which the images of all pages were uploaded, and of which nothing was viewed. */
  uploaded: Sweep;
}

function buildExample(name: string, { edgeUrl, browser, uploaded }: Place): Promise<string[]> {
  return inFolder(name, edgeUrl, async (folder) => {
    const site = await buildSite(name, folder);
    const built = performance.now();
    try {
      const html = await pageAt(site.url, edgeUrl);
      const urls = urlsIn(html);
      const faults = [
        ...faultsOf(urls, html),
        ...secretsIn(folder),
        ...scriptsIn(name, folder, html),
        ...(name === "next" ? await signedFaults(await pageAt(`${site.url}signed.html`, edgeUrl)) : []),
        ...(await faultsInBrowser(browser, site.url)),
        ...(await coldUrls(`${name}, the example`, site.url, uploaded)),
        ...(await coldUrls(`${name}, twenty usages`, site.usages, uploaded)),
      ];
      console.log(`${name}: shown in ${secondsSince(built)} s; ${urls.length} URLs`);
      return faults;
    } finally {
      site.close();
    }
  });
}

/** examples/plain has no build: its page is printed, beside every preset; what it needs packages for is Workbox. */
function showPlain({ edgeUrl, browser, uploaded }: Place): Promise<string[]> {
  return inFolder("plain", edgeUrl, async (folder) => {
    const started = performance.now();
    const faults = await workboxFaults(browser, folder, edgeUrl);
    console.log(`plain: shown with Workbox in ${secondsSince(started)} s`);
    const prewarm = createPrewarm({ ...publicConfig(shipped), baseUrl: edgeUrl });
    const presets = Object.keys(shipped.presets) as (keyof typeof shipped.presets)[];
    const images = presets.map((preset) => prewarm.img("hero.jpg", { preset }));
    writeFileSync(join(folder, "index.html"), writePage(edgeUrl).replace("</body>", `${images.join("\n")}</body>`));
    const site = await serveFolder(folder);
    try {
      return [...faults, ...(await coldUrls("plain, with presets", site.url, uploaded))];
    } finally {
      site.close();
    }
  });
}

/** A page's HTML, with the edge's address as the docs write it. */
async function pageAt(url: string, edgeUrl: string): Promise<string> {
  return (await (await fetch(url)).text()).replaceAll(edgeUrl, BASE);
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
async function signedFaults(html: string): Promise<string[]> {
  const urls = urlsIn(html).filter((url) => url.includes("&s="));
  const verdicts = await Promise.all(
    urls.map((url) => verify(new URL(url).pathname, new URL(url).search, [KEY], config, Date.now() / 1000)),
  );
  if (urls.length < 5) return [`the page that signs has ${urls.length} signed URLs`];
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
const client = join(import.meta.dirname, "../packages/client/scripts/build.ts");
execFileSync(process.execPath, [client], { env, stdio: "inherit" });
const [browser, stack, other] = await Promise.all([launchBrowser(), startTestStack(), startTestStack()]);
try {
  const uploaded = await uploadByHook(browser, stack.edgeUrl, other);
  const place = { edgeUrl: stack.edgeUrl, browser, uploaded };
  const examples: [string, () => Promise<string[]>][] = [
    ["plain", () => showPlain(place)],
    ...Object.keys(PAGES).map((name): [string, () => Promise<string[]>] => [name, () => buildExample(name, place)]),
  ];
  for (const [name, show] of examples) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const faults = await show();
    for (const fault of faults) console.error(`${name}: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await browser.close();
  await Promise.all([stack.close(), other.close()]);
}
