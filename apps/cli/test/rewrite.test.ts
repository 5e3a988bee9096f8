import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RULE } from "@prewarm/client/html-page";
import { ImageInfo } from "@prewarm/control-schema/info";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { emptyDirectory, runHere } from "./testing/run-prewarm.ts";

const EDGE = "https://images.example.com";
const CONFIG = `export default { sources: [{ prefix: "", url: "https://o.example/{id}" }], pages: { formats: ["webp"], widths: [320, 640, 1080] } };`;

let api: FakeLedger;
let cwd: string;

const isWarm = (id: string): boolean => !/^cold|\.svg$/.test(id);
const WARM = { width: 2400, height: 1600, widths: [16, 320, 640], lqip: "data:image/webp;base64,AAAA" };

beforeEach(async () => {
  api = await startFakeLedger();
  api.answers["POST /api/v1/info"] = ({ body: { ids } }) => ({
    images: ids.filter(isWarm).map((id) => ({ ...leastValue(ImageInfo), ...WARM, id })),
    unknown: ids.filter((id) => !isWarm(id)),
  });
  cwd = emptyDirectory();
  writeFileSync(join(cwd, "prewarm.config.mjs"), CONFIG);
  mkdirSync(join(cwd, "dist"));
});
afterEach(() => api.close());

const run = (...args: string[]) =>
  runHere([...args, "--config", "prewarm.config.mjs"], { cwd, url: api.url, env: { PREWARM_EDGE_URL: EDGE } });
const page = (name = "a.html") => readFileSync(join(cwd, "dist", name), "utf8");
async function rewritten(html: string, ...flags: string[]): Promise<string> {
  writeFileSync(join(cwd, "dist/a.html"), html);
  expect(await run("rewrite", "dist", "--from", "/uploads/", ...flags)).toMatchObject({ code: EXIT.ok });
  return page();
}

const url = (id: string, width: number) => `${EDGE}/images/${id}?w=${width}&amp;f=webp`;
const SIZES = `sizes="(min-width: 2400px) 2400px, 100vw"`;
const SHAPE = "--prewarm:2400/1600;";
const SRCSET = (id: string) => `srcset="${url(id, 320)} 320w, ${url(id, 640)} 640w"`;

/* Written by hand in the manner of the generators' own output. */
const PAGES = {
  WordPress: `<!DOCTYPE html>\r\n<html><body class="post">\r\n<!-- <img src="/uploads/c.jpg"> --><figure class="wp-block-image"><img decoding="async" width="1024" height="683" src="/uploads/2026/05/caf%C3%A9.jpg?ver=3" alt="A &amp; B" class="wp-image-7"/></figure><noscript><img src="/uploads/n.jpg"></noscript><img src='/uploads/second.jpg' alt='it&#39;s'></body></html>`,
  "Hugo, minified": `<p><img src=/uploads/a.jpg alt=x><img src=/uploads/b.jpg><img loading=lazy src=/uploads/c.jpg></p><script>s='<img src="/uploads/d.jpg">'</script>`,
  Jekyll: `<p><img src="/uploads/a.jpg" alt="a" /></p>\n<p><IMG ALT=b\n  SRC="/uploads/b.jpg"\n></p>\n<textarea><img src="/uploads/t.jpg"></textarea>`,
  Astro: `<picture><source srcset="/uploads/p.avif"><img src="/uploads/p.jpg"></picture><img src="/uploads/a.jpg" srcset="/uploads/a.jpg 1x"><img src="/_astro/x.jpg"><img src="/uploads/b.jpg" data-astro-cid-1 style="border:0"><template><img src="/uploads/q.jpg"></template>`,
  Eleventy: `<img src="https://cdn.example.net/uploads/x.jpg"><img src="data:image/gif;base64,AAAA"><img src="/uploads/logo.svg"><img src="/uploads/cold.jpg"><img src="/uploads/a.jpg?size=2"><img src="/uploads/a.jpg" sizes="50vw" height="300">`,
};
/** How many of each page's images are to be written. */
const ELIGIBLE = [2, 3, 2, 1, 1];

describe.each(Object.entries(PAGES).map(([name, html], n) => ({ name, html, count: ELIGIBLE[n] })))(
  "a page of $name",
  ({ html, count }) => {
    it("has every eligible image written, the rest byte by byte, and the second time changes nothing", async () => {
      const once = await rewritten(html);
      expect(once.match(new RegExp(`<img\\b[^>]*?\\bsrc="${EDGE}[^>]* srcset="[^",]*, [^",]*"`, "gi"))).toHaveLength(
        count ?? 0,
      );
      // What was written, taken out again, leaves the page as it was.
      const plain = (text: string) =>
        text.replaceAll(
          /<img\b[^>]*?\bsrc=["']?(?:https:\/\/images|\/uploads\/(?!cold|logo|a.jpg\?))[^>]*>/gi,
          "<IMG>",
        );
      expect(plain(once.replace(RULE, ""))).toBe(plain(html));
      expect(await rewritten(once)).toBe(once);
    });

    it("asks for nothing that is not warm", async () => {
      await rewritten(html);
      api.storedOf = (id) => [320, 640].map((width) => `${encodeURIComponent(id)}/${width}-high.webp`);
      const { code, stdout } = await run("coverage", "--html", "dist", "--gate", "--json");
      expect({ code, urls: JSON.parse(stdout).urls }).toMatchObject({
        code: EXIT.ok,
        urls: { cold: 0, neverWarmed: 0, refused: 0 },
      });
    });
  },
);

it("loads the first image first, the second as it was, and the others lazily; what the author wrote stays", async () => {
  const image = (id: string, more = "") => `<img src="/uploads/${id}.jpg"${more}>`;
  const html = await rewritten(
    image("a") + image("b") + image("c") + image("d", ` loading="eager" fetchpriority="low" width="300" sizes="9em"`),
  );
  expect(html).toBe(
    [
      `<img src="${url("a.jpg", 640)}" ${SRCSET("a.jpg")} ${SIZES} fetchpriority="high" style="${SHAPE}">`,
      `<img src="${url("b.jpg", 640)}" ${SRCSET("b.jpg")} ${SIZES} style="${SHAPE}">`,
      `<img src="${url("c.jpg", 640)}" ${SRCSET("c.jpg")} ${SIZES} loading="lazy" style="${SHAPE}">`,
      `<img src="${url("d.jpg", 320)}" ${SRCSET("d.jpg")} style="${SHAPE}" loading="eager" fetchpriority="low" width="300" sizes="9em">`,
    ].join(""),
  );
});

it.each([
  // [what the author wrote, the widths of the list]
  [' width="100"', [320]],
  [' width="100px"', [320]],
  [' width=" 100.5 px"', [320]],
  [' height="60px"', [320]],
  [' width="50%"', [320, 640]],
  [' width="auto" height="none"', [320, 640]],
  [' width="-5"', [320, 640]],
])("reads%s as HTML does, and writes no side", async (more, widths) => {
  const html = await rewritten(`<img src="/uploads/a.jpg"${more}>`);
  expect([...html.matchAll(/ (\d+)w/g)].map(([, px]) => Number(px))).toEqual(widths);
  expect(html.replace(/src=.*(?:style="[^"]*"|"high")/, "")).toBe(`<img ${more}>`);
});

it("puts an image's shape before the style of its author, whatever stands around it", async () => {
  const styles = ["style='border:0'", 'STYLE = "background:url(x"', "style=border:0", "style", 'style=""'];
  const html = await rewritten(styles.map((style) => `<img ${style} src="/uploads/a.jpg">`).join(""));
  expect(html.match(/style[^>]*?(?= src)/gi)).toEqual([
    `style='${SHAPE}border:0'`,
    `STYLE = "${SHAPE}background:url(x"`,
    `style=${SHAPE}border:0`,
    `style="${SHAPE}"`,
    `style="${SHAPE}"`,
  ]);
});

it("puts the rule into the head once, and nowhere in a part of a page or under a policy", async () => {
  const image = `<img src="/uploads/a.jpg">`;
  const page = `<!doctype html><meta charset=utf-8><noscript><style></style></noscript><link rel=x><style></style>${image}`;
  const once = await rewritten(page);
  expect(once.replace(/<img[^>]*>/, image)).toBe(page.replace("<link", `${RULE}<link`));
  const policy = `<!doctype html><meta http-equiv=Content-Security-Policy content="img-src *"><title>x</title>${image}`;
  const others = [await rewritten(`<p>${image}`), await rewritten(policy)];
  expect(others.map((text) => [text.includes("srcset"), text.includes(RULE)])).toEqual([
    [true, false],
    [true, false],
  ]);
  expect(others[1]).not.toContain("style=");
});

it("writes a list of one width too: else a browser takes the picture's width for the image's own", async () => {
  api.answers["POST /api/v1/info"] = () => ({
    images: [{ ...leastValue(ImageInfo), ...WARM, widths: [640], id: "a.jpg" }],
    unknown: [],
  });
  expect(await rewritten(`<img src="/uploads/a.jpg">`)).toContain(`srcset="${url("a.jpg", 640)} 640w" ${SIZES}`);
});

it("puts the tiny picture behind an image only when it is asked for, and never over a style of the page", async () => {
  const html = `<img src="/uploads/a.jpg"><img src="/uploads/b.jpg" style="border:0">`;
  expect(await rewritten(html)).not.toContain("background");
  const shown = await rewritten(html, "--placeholder");
  expect([shown.match(/background:url\(data:/g)?.length, shown.match(/style=/g)?.length]).toEqual([1, 2]);
});

it("writes 200 images in one pass with one call, and counts with --dry-run only", async () => {
  const html = Array.from({ length: 200 }, (_, n) => `<p><img src="/uploads/${n}.jpg"></p>`).join("\n");
  expect(await rewritten(html, "--dry-run")).toBe(html);
  api.received.length = 0;
  expect((await rewritten(html)).match(/srcset=/g)).toHaveLength(200);
  expect(api.received.map(({ path }) => path)).toEqual(["/api/v1/info"]);
});

it.each([
  ["Next", `<script src="/_next/static/chunks/main.js"></script>`, "docs/next.md"],
  ["Nuxt", `<link rel="modulepreload" href="/_nuxt/entry.js">`, "docs/nuxt.md"],
  ["Astro's ClientRouter", `<meta name="astro-view-transitions-enabled" content="true">`, "docs/astro.md"],
  ["VitePress", `<meta name="generator" content="VitePress v1.6.4">`, "@prewarm/client"],
  ["Docusaurus", `<meta name="generator" content="Docusaurus v3.9.2">`, "@prewarm/client"],
  ["Gatsby", `<meta name="generator" content="Gatsby 5.15.0"/>`, "@prewarm/client"],
  ["", `<meta name="generator" content="WordPress 6.6">`, ""],
  ["", `<meta name="generator" content="Astro v5.1.0">`, ""],
])("says once what stays as it is in a page of a generator with a router: %s", async (name, mark, instead) => {
  const html = `<!doctype html>${mark}<title>x</title><img src="/uploads/a.jpg">`;
  for (const file of ["a", "b"]) writeFileSync(join(cwd, `dist/${file}.html`), html);
  const { stderr } = await run("rewrite", "dist", "--from", "/uploads/");
  const said = stderr.split("\n").filter((line) => line.includes("by a script"));
  expect(said).toEqual(
    name
      ? [expect.stringMatching(/^.* shows the next page by a script, and its images stay as they are there\. Use /)]
      : [],
  );
  expect(said.join()).toContain(name && `${name} shows`);
  expect(said.join()).toContain(instead);
});

it("leaves images of another host by <base>, and a page that names other letters than UTF-8", async () => {
  const image = `<img src="/uploads/a.jpg">`;
  for (const head of [`<base href="https://other.example/">`, "<meta charset=latin1>"])
    expect(await rewritten(head + image)).toBe(head + image);
  expect(await rewritten(`<base href="/blog/">${image}`)).toContain("srcset");
});

it("leaves a page as it is when the lookup fails, and when it is no UTF-8", async () => {
  const html = `<img src="/uploads/a.jpg">`;
  writeFileSync(join(cwd, "dist/a.html"), html);
  api.fault = () => 400;
  expect((await run("rewrite", "dist", "--from", "/uploads/")).code).toBe(EXIT.usage);
  expect(page()).toBe(html);
  api.fault = () => null;
  const latin = Buffer.from(`<title>caf\xe9</title>${html}`, "latin1");
  writeFileSync(join(cwd, "dist/a.html"), latin);
  expect(await run("rewrite", "dist", "--from", "/uploads/")).toMatchObject({
    code: EXIT.ok,
    stderr: expect.stringContaining("no UTF-8"),
  });
  expect(readFileSync(join(cwd, "dist/a.html")).equals(latin)).toBe(true);
});
