import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { RULE } from "@prewarm/client/html-page";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyDirectory, runPrewarm } from "../../apps/cli/test/testing/run-prewarm.ts";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { bundleRelease } from "../../dev/bundle.ts";
import { freePort, listen } from "../../dev/listen.ts";
import { control } from "./pipeline.ts";
import { ask, PATIENCE_MS, startTestStack, type TestStack, until } from "./stack.ts";

/*
 * The Worker of examples/rewriter in workerd, in front of a site with the pages of five generators, beside the whole local stack. The site
 * compresses its pages, and confirms those that a browser has.
 */

const ROOT = join(import.meta.dirname, "../..");
const PAGES = join(ROOT, "workers/rewriter/test/fixtures/pages");
const NAMES = readdirSync(PAGES).filter((name) => name.endsWith(".html"));
const IDS = ["landscape.jpg", "portrait.jpg", "phone.jpg", "hero.jpg", "faces.jpg", "albums/été 2026/plage.webp"];
/** Few, so that the test is short; each in all formats of `f=auto`. */
const WIDTHS = [320, 640];

let stack: TestStack;
let site: Server;
let rewriter: Miniflare;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
let [siteUrl, rewrittenUrl] = ["", ""];

beforeAll(async () => {
  [browser, stack] = await Promise.all([launchBrowser(), startTestStack()]);
  site = createServer((request, response) => {
    const name = NAMES.find((each) => request.url === `/${each}`);
    if (name === undefined) return response.writeHead(404, { "content-type": "text/html" }).end("<p>not here");
    const headers = { "content-type": "text/html", etag: `"${name}"`, "cache-control": "no-cache" };
    if (request.headers["if-none-match"]?.includes(`"${name}"`)) return response.writeHead(304, headers).end();
    const isPacked = request.headers["accept-encoding"]?.includes("gzip") ?? false;
    const body = readFileSync(join(PAGES, name));
    response.writeHead(200, isPacked ? { ...headers, "content-encoding": "gzip" } : headers);
    response.end(isPacked ? gzipSync(body) : body);
  });
  siteUrl = `http://localhost:${await listen(site, 0)}`;
  rewrittenUrl = await startRewriter();
  await warm();
});
afterAll(async () => {
  site?.close();
  await rewriter?.dispose();
  await browser?.close();
  await stack?.close();
});

async function startRewriter(): Promise<string> {
  const port = await freePort(0, true);
  const worker = { compatibilityDate: "2026-11-01", modules: true as const };
  rewriter = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port,
      cf: false,
      workers: [
        {
          ...worker,
          name: "rewriter",
          script: await bundleRelease(join(ROOT, "examples/rewriter/rewriter.ts")),
          bindings: { EDGE_URL: stack.edgeUrl, VIEWER_TOKEN: stack.viewerToken.split(",")[0] ?? "" },
          serviceBindings: { SITE: "site", CONSUMER: "consumer" },
        },
        { ...worker, name: "site", script: forwarder(siteUrl) },
        { ...worker, name: "consumer", script: forwarder(stack.controlUrl) },
      ],
    }),
  );
  await rewriter.ready;
  return `http://localhost:${port}`;
}

/** A Worker that asks another host. */
function forwarder(to: string): string {
  return `export default { fetch: (request) => {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request("${to}" + pathname + search, request));
  } };`;
}

async function warm(): Promise<void> {
  const transforms = WIDTHS.flatMap((width) => ["avif", "webp", "jpeg"].map((format) => `w=${width}&f=${format}`));
  const { run } = await control(stack, "warm", { items: IDS.map((id) => ({ id, transforms })) });
  await until(
    "the images are warm",
    () => control(stack, `runs/${run}`),
    ({ state }) => state === "done",
  );
}

/** What a browser gets. */
async function pageOf(name: string, headers: Record<string, string> = {}) {
  return ask(`${rewrittenUrl}/${name}`, headers);
}

/** The first answer may be too late for its page, on a machine that does much else; it is there for the next one. */
function rewrittenPage(name: string) {
  return until(
    `${name} is rewritten`,
    async () => String((await pageOf(name, { "accept-encoding": "identity" })).body),
    (text) => text.includes(`src="${stack.edgeUrl}/images/`),
  );
}

const UPLOAD = /<img\b[^>]*?\bsrc="(?:http:\/\/localhost:\d+\/images\/|\/uploads\/)[^>]*>/g;

describe.each(NAMES)("%s", (name) => {
  it("has every eligible image rewritten, and the rest byte by byte", async () => {
    const text = await rewrittenPage(name);
    const tags = text.match(UPLOAD)?.filter((tag) => tag.includes(`src="${stack.edgeUrl}`)) ?? [];
    expect(tags).toHaveLength(IDS.length);
    for (const tag of tags) expect(tag).toContain(' srcset="');
    const original = readFileSync(join(PAGES, name), "utf8");
    expect(text.replace(RULE, "").replaceAll(UPLOAD, "")).toBe(original.replaceAll(UPLOAD, ""));
  });
});

describe.each(NAMES)("in a browser %s", (name) => {
  it("shows the same largest image as before, which loads at once", async () => {
    await rewrittenPage(name);
    const [before, after] = [await look(`${siteUrl}/${name}`), await look(`${rewrittenUrl}/${name}`)];
    expect(before.largest).toContain("/uploads/landscape.jpg");
    expect(after).toMatchObject({
      alt: before.alt,
      largest: expect.stringContaining(`${stack.edgeUrl}/images/landscape.jpg?w=640`),
      loading: "auto", // the default, which is eager
      priority: "high",
    });
  });
});

/**
 * Opens a page as a new visitor, without other hosts; uploads come from the originals. The landscape comes before the
 * other images, because the largest of the first screen depends on the order in which they come.
 */
async function look(url: string) {
  const context = await browser.newContext({ viewport: { width: 1250, height: 900 } });
  const page = await context.newPage();
  const shown = Promise.withResolvers<void>();
  await page.route("**/*", async (route) => {
    const { hostname, pathname } = new URL(route.request().url());
    if (hostname !== "localhost") return route.abort();
    if (route.request().resourceType() === "image" && !pathname.endsWith("/landscape.jpg")) await shown.promise;
    if (!pathname.startsWith("/uploads/")) return route.continue();
    const original = await fetch(stack.originalsUrl.replace("{id}", pathname.slice("/uploads/".length)));
    return route.fulfill({ contentType: "image/jpeg", body: Buffer.from(await original.arrayBuffer()) });
  });
  await page.addInitScript(`
    new PerformanceObserver((list) => { window.largest = list.getEntries().at(-1); })
      .observe({ type: "largest-contentful-paint", buffered: true });
  `);
  await page.goto(url, { waitUntil: "domcontentloaded" });
  // A photograph of 24 megapixels is painted some frames after it has loaded.
  await page.waitForFunction(`window.largest?.url.includes("landscape.jpg")`, undefined, { timeout: PATIENCE_MS });
  const seen = await page.evaluate(`(({ url, element: { alt, loading, fetchPriority } }) => (
    { largest: url, alt, loading, priority: fetchPriority }
  ))(window.largest)`);
  shown.resolve();
  await context.close();
  return seen as { largest: string; alt: string; loading: string; priority: string };
}

it("compresses as the site does, and confirms what a browser has with the site's 304", async () => {
  const name = NAMES[0] ?? "";
  await rewrittenPage(name);
  const packed = await pageOf(name, { "accept-encoding": "gzip" });
  expect([packed.headers.get("content-encoding"), packed.headers.get("content-length")]).toEqual(["gzip", null]);
  expect(String(packed.body)).toContain(`src="${stack.edgeUrl}/images/`);
  const etag = packed.headers.get("etag") ?? "";
  expect(etag).toMatch(/^W\/"[a-z]+\.html\.prewarm-[\da-z]+"$/);
  const again = await pageOf(name, { "if-none-match": etag });
  expect([again.status, again.headers.get("etag"), again.body.length]).toEqual([304, etag, 0]);
  const missing = await pageOf("none.html");
  expect([missing.status, String(missing.body), missing.headers.get("prewarm-rewriter")]).toEqual([
    404,
    "<p>not here",
    null,
  ]);
});

it("has a coverage of 100 %: no page asks for what is not warm", async () => {
  const cwd = emptyDirectory();
  mkdirSync(join(cwd, "dist"));
  for (const name of NAMES) writeFileSync(join(cwd, "dist", name), await rewrittenPage(name));
  const { code, stdout } = await runPrewarm(
    [
      "coverage",
      "--html",
      "dist",
      "--gate",
      "--json",
      "--edge-url",
      stack.edgeUrl,
      "--config",
      join(ROOT, "prewarm.config.ts"),
    ],
    { cwd, url: stack.controlUrl, env: { ADMIN_TOKEN: stack.adminToken.split(",")[0] } },
  );
  const { urls } = JSON.parse(stdout);
  expect([code, urls]).toMatchObject([0, { cold: 0, neverWarmed: 0, refused: 0 }]);
  // Each image in both widths, on pages that name the same images.
  expect(urls.warm).toBe(IDS.length * WIDTHS.length);
});
