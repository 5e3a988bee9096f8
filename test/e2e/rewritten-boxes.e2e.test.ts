import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImageInfo } from "@prewarm/control-schema/info";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeLedger, startFakeLedger } from "../../apps/cli/test/testing/fake-ledger.ts";
import { emptyDirectory, runHere } from "../../apps/cli/test/testing/run-prewarm.ts";
import { launchBrowser } from "../../apps/dashboard/test/browser.ts";
import { bundleRelease } from "../../dev/bundle.ts";
import { freePort } from "../../dev/listen.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";

/*
 * Chromium lays out each page three times: as its author wrote it, as the Worker of examples/rewriter sends it, and as `prewarm rewrite` leaves
 * it. Every image has the same box, whatever style sheet the page has.
 */

const ROOT = join(import.meta.dirname, "../..");
const SITE = "https://www.example.com";
const EDGE = "https://images.example.com";
const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }] };`;
/** Of the originals, in px. The first three do not fit a window, or not a column; the others fit all. */
const ORIGINALS: Readonly<Record<string, { width: number; height: number }>> = {
  "wide.jpg": { width: 2400, height: 1350 },
  "tall.jpg": { width: 1000, height: 2400 },
  "small.jpg": { width: 200, height: 100 },
  "narrow.jpg": { width: 380, height: 211 },
  "narrow-tall.jpg": { width: 341, height: 500 },
};
const LARGE = ["wide.jpg", "tall.jpg", "small.jpg"];
const NARROW = ["narrow.jpg", "narrow-tall.jpg", "small.jpg"];
const WIDTHS = [320, 640, 1440];

const image = (id: string, more: string) => `<img src="/uploads/${id}" alt="x" ${more}>`;
/** What authors write of an image's size: the first ten also without any style sheet. */
const PATTERNS = [
  'width="100%"',
  'style="width:300px"',
  "style='max-width:100%'",
  'class="m"',
  'class="n"',
  'class="o"',
  'width="300"',
  'height="100"',
  'width="50%" height="auto"',
  'width="400px"',
  "",
  'width="640" height="480"',
  'width="300" height="200px" style="max-height:50px"',
  "style=height:90px",
  'style="max-width:100%;max-height:150px;background:url(x"',
  'loading="lazy" class="m"',
];
const CLASSES = ".m{max-width:100%}.n{max-width:100%;height:auto}.o{width:100%}";
const imagesOf = (ids: readonly string[]) =>
  PATTERNS.map((more, at) => image(ids[at % ids.length] ?? "", more)).join("\n");
/** Elements that the style sheets' rules for images speak of, and those whose layout asks for an image's own size. */
const AROUND = [
  "<section>",
  "<figure class=fullwidth>",
  "<nav class='nav navbar-item'>",
  "<div class='image nested-img'>",
  "<div class='image is-square' style='position:relative;height:200px'>",
  "<div class='media-object stack-for-small'><div class=media-object-section>",
  "<div class='uk-preserve-width map_canvas'>",
  "<div style='display:flex'>",
  "<div style='display:flex;height:150px'>",
  "<div style='display:grid;grid-template-columns:auto auto'>",
  "<div style='float:left'>",
  "<table><tr><td>",
];
const CLOSED = "</td></tr></table></div></div></nav></figure></section>";
const bodyOf = (ids: readonly string[]) =>
  `<body class=markdown-body>${AROUND.map((tags) => `${tags}${imagesOf(ids)}${CLOSED}`).join("\n")}</body>`;

/** Rules of our own that set one side, or that lie in a layer, and WordPress's for `sizes="auto"`. */
const OWN: Readonly<Record<string, string>> = {
  "no style sheet": "",
  "a height alone": "img{height:120px}",
  "a highest height": "img{max-width:100%;max-height:200px}",
  "no side": "img{width:auto;height:auto;max-width:100%}",
  "every element": "img{max-width:100%}*{min-width:0;height:auto}",
  "a layer": "@layer base{img{max-width:100%;height:auto}}@layer utilities{img{height:80px;aspect-ratio:1/2}}",
  "a shape": "img{aspect-ratio:16/9;width:100%;object-fit:cover}",
  WordPress: `img:is([sizes="auto" i],[sizes^="auto," i]){contain-intrinsic-size:3000px 1500px}img{max-width:100%;height:auto}`,
};
const FOUND = readFileSync(join(ROOT, "workers/rewriter/test/fixtures/image-rules.css"), "utf8");
const SHEETS: Record<string, string> = { ...OWN };
for (const part of FOUND.split(/^(?=\/\* \S+ [\d.]+, )/m).slice(1)) {
  const [name = "", css = ""] = part.slice("/* ".length).split(" */", 2);
  SHEETS[name] = css;
}

/** What lets an image be wider than its window: there the original was cut off, and `sizes` cannot say so without loading all of it. */
const LOOSE = /^(?:no style sheet|a height alone|every element|foundation-sites .*|mvp\.css .*)$/;
const COLUMN = "body{max-width:700px;margin:0}";
const pageOf = (css: string, body: string) =>
  `<!doctype html><html><head><meta charset=utf-8><title>x</title><style>${COLUMN}${CLASSES}${css}</style></head>${body}</html>`;
const POLICY = `<meta http-equiv=Content-Security-Policy content="style-src 'none'">`;
/** Pages by name: one of each style sheet, two whose policy forbids styles, one without a head, and a part of a page. */
const PAGES: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(SHEETS).map(([name, css]) => [name, pageOf(css, bodyOf(LOOSE.test(name) ? NARROW : LARGE))]),
  ),
  "ten patterns": pageOf(
    "",
    PATTERNS.slice(0, 10)
      .map((more) => image("wide.jpg", more))
      .join("\n"),
  ),
  "a policy": `<!doctype html>${POLICY}<title>x</title>${bodyOf(NARROW)}`,
  "a late policy": `<!doctype html><title>x</title>${POLICY}${bodyOf(NARROW)}`,
  "no head": `<!doctype html><style>${COLUMN}${CLASSES}</style>${imagesOf(NARROW)}`,
  "a width": pageOf("img{width:100%;height:auto}", imagesOf(LARGE)),
  "a part of a page": `<div style="width:350px">${imagesOf(NARROW)}</div>`,
};

const infoOf = (id: string) => ({ ...leastValue(ImageInfo), id, ...ORIGINALS[id], widths: WIDTHS, version: null });
const answerInfo = (ids: readonly string[]) => ({ images: ids.map(infoOf), unknown: [] });

let browser: Awaited<ReturnType<typeof launchBrowser>>;
let rewriter: Miniflare;
let ledger: FakeLedger;
/** The pages as the command has left them. */
const written: Record<string, string> = {};

beforeAll(async () => {
  [browser, ledger] = await Promise.all([launchBrowser(), startFakeLedger()]);
  ledger.answers["POST /api/v1/info"] = ({ body: { ids } }) => answerInfo(ids);
  await Promise.all([startRewriter(), rewriteFiles()]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), rewriter?.dispose(), ledger?.close()]);
});

async function startRewriter(): Promise<void> {
  const worker = { compatibilityDate: "2026-11-01", modules: true as const };
  const site = `const pages = ${JSON.stringify(PAGES)};
    export default { fetch: ({ url }) => new Response(pages[decodeURIComponent(new URL(url).pathname.slice(1))], { headers: { "content-type": "text/html" } }) };`;
  const known = Object.fromEntries(Object.keys(ORIGINALS).map((id) => [id, infoOf(id)]));
  const consumer = `const known = ${JSON.stringify(known)};
    export default { fetch: async (request) => Response.json({ images: (await request.json()).ids.map((id) => known[id]), unknown: [] }) };`;
  rewriter = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: await freePort(0, true),
      cf: false,
      workers: [
        {
          ...worker,
          name: "rewriter",
          script: await bundleRelease(join(ROOT, "examples/rewriter/rewriter.ts")),
          bindings: { EDGE_URL: EDGE, VIEWER_TOKEN: "viewer" },
          serviceBindings: { SITE: "site", CONSUMER: "consumer" },
        },
        { ...worker, name: "site", script: site },
        { ...worker, name: "consumer", script: consumer },
      ],
    }),
  );
  await rewriter.ready;
}

async function rewriteFiles(): Promise<void> {
  const cwd = emptyDirectory();
  const names = Object.keys(PAGES);
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  mkdirSync(join(cwd, "dist"));
  for (const [at, name] of names.entries()) writeFileSync(join(cwd, `dist/${at}.html`), PAGES[name] ?? "");
  const flags = ["--config", "prewarm.config.mjs", "--edge-url", EDGE];
  const ended = await runHere(["rewrite", "dist", "--from", "/uploads/", ...flags], { cwd, url: ledger.url });
  expect(ended).toMatchObject({ code: 0 });
  for (const [at, name] of names.entries()) written[name] = readFileSync(join(cwd, `dist/${at}.html`), "utf8");
}

/** The page of the Worker, which may be late with its lookup at first. */
async function sentPage(name: string): Promise<string> {
  for (let text = ""; ; ) {
    const response = await rewriter.dispatchFetch(`${SITE}/${encodeURIComponent(name)}`);
    text = await response.text();
    if (text.includes(`src="${EDGE}/images/`)) return text;
  }
}

interface Shown {
  boxes: string[];
  /** Images that come from the edge. */
  ours: number;
}

/** The boxes of all images in one window: left, top, width and height in px. */
async function boxesOf(html: string, width: number): Promise<Shown> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  await page.route("**/*", async (route) => {
    const { href, pathname, searchParams } = new URL(route.request().url());
    const id = pathname.split("/").at(-1) ?? "";
    const original = ORIGINALS[id];
    if (original === undefined)
      return route.fulfill({ contentType: "text/html", body: href === `${SITE}/` ? html : "" });
    const px = Math.min(original.width, Number(searchParams.get("w")) || original.width);
    const body = await picture("jpeg", px, Math.round((px * original.height) / original.width));
    return route.fulfill({ contentType: "image/jpeg", body: Buffer.from(body) });
  });
  await page.goto(`${SITE}/`);
  const shown = await page.evaluate(`(async () => {
    for (const image of document.images) image.loading = "eager";
    const end = (image) => new Promise((resolve) => { image.onload = image.onerror = resolve; });
    await Promise.all([...document.images].map((image) => image.complete || end(image)));
    return {
      boxes: [...document.images].map((image) => {
        const { x, y, width, height } = image.getBoundingClientRect();
        return [x, y, width, height].join();
      }),
      ours: [...document.images].filter(({ currentSrc }) => currentSrc.startsWith("${EDGE}")).length,
    };
  })()`);
  await page.close();
  return shown as Shown;
}

/** Pictures of several widths differ by half a pixel of their height at most; a box further down has the sum of what is above it. */
function otherBoxes(before: Shown, after: Shown): string[] {
  return before.boxes.flatMap((box, at) => {
    const [, , width = 0, height = 0] = box.split(",").map(Number);
    const [, , newWidth = 0, newHeight = 0] = (after.boxes[at] ?? "").split(",").map(Number);
    const isSame = Math.abs(width - newWidth) <= 1 && Math.abs(height - newHeight) <= 1;
    const name = `${AROUND[Math.floor(at / PATTERNS.length)]?.split("<img")[0]} <img ${PATTERNS[at % PATTERNS.length]}>`;
    return isSame ? [] : [`${name}: ${width}×${height} → ${newWidth}×${newHeight}`];
  });
}

it("has the rules of sixteen style sheets", () => {
  expect(Object.keys(SHEETS)).toHaveLength(16 + Object.keys(OWN).length);
});

describe.each(Object.keys(PAGES))("%s", (name) => {
  it.each([1000, 390])("keeps every box in a window of %i px", async (width) => {
    const texts = [PAGES[name] ?? "", await sentPage(name), written[name] ?? ""];
    const [before, sent, built] = (await Promise.all(texts.map((html) => boxesOf(html, width)))) as [
      Shown,
      Shown,
      Shown,
    ];
    expect(sent.ours).toBe(before.boxes.length);
    expect(built.ours).toBe(sent.ours);
    expect({ sent: otherBoxes(before, sent), built: otherBoxes(before, built) }).toEqual({ sent: [], built: [] });
  });
});

it("keeps the place of an image that is not loaded yet, where the page gives its width", async () => {
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  await page.route("**/*", (route) => {
    // The images are never answered.
    if (route.request().url() === `${SITE}/`)
      return route.fulfill({ contentType: "text/html", body: written["a width"] ?? "" });
  });
  await page.goto(`${SITE}/`, { waitUntil: "domcontentloaded" });
  const height = await page.evaluate(`document.images[0].getBoundingClientRect().height`);
  await page.close();
  expect(height).toBeCloseTo((700 * 1350) / 2400, 0);
});
