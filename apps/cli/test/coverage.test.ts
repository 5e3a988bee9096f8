import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { sign } from "@prewarm/shared/signature";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { type FakePage, startFakeSite } from "./testing/fake-site.ts";
import { emptyDirectory, runHere, startPrewarm } from "./testing/run-prewarm.ts";

const EDGE = "https://images.example.com";
const CONFIG = `export default {
  sources: [{ prefix: "", url: "https://originals.example.com/{id}" }],
  pages: { widths: [320, 640], formats: ["webp"] },
  presets: { card: "w=400&h=300&f=webp" },
  budget: { per1000Jobs: 2 },
};`;

let api: FakeLedger;
let cwd: string;
const sites: Awaited<ReturnType<typeof startFakeSite>>[] = [];

beforeEach(async () => {
  api = await startFakeLedger();
  cwd = emptyDirectory();
  write("prewarm.config.ts", CONFIG);
});
afterEach(async () => {
  await Promise.all([api.close(), ...sites.splice(0).map((site) => site.close())]);
});

function write(path: string, text: string): void {
  mkdirSync(join(cwd, path, ".."), { recursive: true });
  writeFileSync(join(cwd, path), text);
}

async function siteOf(pages: Record<string, FakePage>) {
  const site = await startFakeSite(pages);
  sites.push(site);
  return site;
}

const env = { PREWARM_EDGE_URL: EDGE };
const image = (path: string) => `<img src="${EDGE}/images/${path.replaceAll("&", "&amp;")}">\n`;
const run = (args: readonly string[], more: Record<string, string> = {}) =>
  runHere(["coverage", ...args], { cwd, url: api.url, env: { ...env, ...more } });
/** The document; the command must end with `code`. Without --gate nothing that is found is a failure. */
async function documentOf(args: readonly string[], code: number = EXIT.ok, more: Record<string, string> = {}) {
  const ended = await run([...args, "--json"], more);
  expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code });
  return JSON.parse(ended.stdout);
}

/** All that uploads make. */
const warm = (id: string) =>
  ["16-very_low", "320-high", "640-high", "400x300-cover-high"].map((name) => `${id}/${name}.webp`);

describe("a folder of built pages", () => {
  it("is warm, cold, never warmed, refused or passed through, by page and template, each URL once", async () => {
    api.storedOf = (id) => (id === "a" ? warm("a") : id === "gone" ? ["gone/320-high.webp"] : []);
    write("dist/index.html", image("a?w=320") + image("logo.svg") + image("a?w=320"));
    write("dist/blog/one.html", `<h1>One</h1>\n${image("a?w=320")}${image("gone?w=640&f=webp")}${image("a?w=960")}`);
    write("dist/blog/two.html", image("a?w=700&h=5") + image("a?p=card") + image("gone?w=640&f=webp"));
    write("dist/site.css", `a { background: url(${EDGE}/images/b?w=320) }`);
    const found = await documentOf(["--html", "dist"]);
    expect(found).toMatchObject({
      schema: "prewarm.coverage/1",
      urls: { warm: 2, cold: 2, neverWarmed: 1, refused: 1, passedThrough: 1 },
      images: 3,
      pagesRead: 4,
    });
    expect(found.share).toBeCloseTo(100 / 3);
    expect(found.problems).toEqual([
      {
        verdict: "cold",
        url: "gone?w=640&f=webp",
        reason: "not stored",
        place: "blog/one.html:3",
        pages: 2,
        template: "/blog/*",
      },
      {
        verdict: "neverWarmed",
        url: "a?w=960",
        reason: "not stored",
        place: "blog/one.html:4",
        pages: 1,
        template: "/blog/*",
      },
      {
        verdict: "refused",
        url: "a?w=700&h=5",
        reason: "it needs a signature",
        place: "blog/two.html:1",
        pages: 1,
        template: "/blog/*",
      },
      {
        verdict: "cold",
        url: "b?w=320",
        reason: "nothing of this image is stored",
        place: "site.css:1",
        pages: 1,
        template: "/*.css",
      },
    ]);
    const counts = { cold: 1, neverWarmed: 1, passedThrough: 0, refused: 1 };
    expect(found.templates.find(({ template }: { template: string }) => template === "/blog/*")).toMatchObject({
      pages: 2,
      warm: 2,
      ...counts,
    });
    expect(found.pages.map(({ page, share }: { page: string; share: number }) => [page, Math.round(share)])).toEqual([
      ["blog/one.html", 33],
      ["blog/two.html", 33],
      ["index.html", 100],
      ["site.css", 0],
    ]);
  });

  it("reads a page's letters as a browser does", async () => {
    api.storedOf = (id) => warm(encodeURIComponent(id));
    const html = (head: string) => `${head}${image("caf\u00e9?w=320")}`;
    write("dist/latin.html", "");
    writeFileSync(join(cwd, "dist/latin.html"), Buffer.from(html("<meta charset=iso-8859-1>"), "latin1"));
    writeFileSync(join(cwd, "dist/wide.html"), Buffer.from(`\ufeff${html("")}`, "utf16le"));
    write("dist/plain.html", html(""));
    const { urls, pages } = await documentOf(["--html", "dist"]);
    expect([urls.warm, pages.map(({ page, warm: count }: { page: string; warm: number }) => [page, count])]).toEqual([
      1,
      [
        ["latin.html", 1],
        ["plain.html", 1],
        ["wide.html", 1],
      ],
    ]);
  });

  it("names the format that is missing, and a & that is escaped twice", async () => {
    write("prewarm.config.ts", CONFIG.replace('["webp"]', '["auto"], make: ["avif", "webp"]'));
    api.storedOf = () => ["a/320-high.webp"];
    write("dist/index.html", image("a?w=320&f=auto") + image("a?w=640&f=auto") + image("a?w=320&amp;f=webp"));
    const { problems } = await documentOf(["--html", "dist"]);
    expect(problems.map(({ url, reason }: Record<string, string>) => [url, reason])).toEqual([
      ["a?w=320&f=auto", "not stored: avif"],
      ["a?w=640&f=auto", "not stored"],
      ["a?w=320&amp;f=webp", expect.stringMatching(/ Its & is escaped twice in the page\.$/)],
    ]);
  });

  it("names the line of pages that would warm a URL, with its cost, and what no page asks for", async () => {
    api.storedOf = warm;
    write("dist/a/1.html", image("a?w=960") + image("a?w=320&f=avif") + image("a?w=300&h=300") + image("a"));
    // A width would not make this crop.
    write("dist/a/2.html", image("b?w=960") + image("b?w=48") + image("b?w=960&h=100&s=signed"));
    const { lines, unused } = await documentOf(["--html", "dist"]);
    expect(lines).toMatchObject([
      {
        line: "pages.widths: add 960",
        urls: 2,
        images: 2,
        templates: ["/a/*"],
        jobsPerUpload: 1,
        jobs: 2,
        price: 0.004,
      },
      { line: 'pages.formats: add "avif"', urls: 1, jobsPerUpload: 2 },
      { line: 'pages.ratios: add "1:1"', urls: 1, jobsPerUpload: 2 },
      { line: "pages.widths: add 48", urls: 1, jobsPerUpload: 1 },
      { line: 'recipes.upload: add "f=webp"', urls: 1, jobsPerUpload: 1 },
      { line: 'recipes.upload: add "w=960&h=100&fit=cover&f=webp"', urls: 1, jobsPerUpload: 1 },
    ]);
    expect(unused).toMatchObject([
      {
        line: "widths high",
        spec: "w=320&f=webp",
        formats: ["webp"],
        jobsPerUpload: 1,
        jobs: 2,
        price: 0.004,
      },
      { line: "widths high", spec: "w=640&f=webp" },
      { line: "presets card", spec: "p=card" },
    ]);
  });

  it("ends with 1 below --fail-below, which is 100 by --gate, and prints tables", async () => {
    api.storedOf = warm;
    write("dist/index.html", image("a?w=320") + image("a?w=640") + image("a?w=960"));
    expect([(await run(["--html", "dist"])).code, (await run(["--html", "dist", "--gate"])).code]).toEqual([
      EXIT.ok,
      EXIT.failed,
    ]);
    expect(await run(["--html", "dist", "--fail-below", "66.6"])).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining("66.66 %"),
    });
    expect((await run(["--html", "dist", "--fail-below", "66.7"])).code).toBe(EXIT.failed);
    const { stdout } = await run(["--html", "dist", "--markdown"]);
    expect(stdout).toContain("| never warmed | `a?w=960` | `index.html:3` | 1 | not stored |");
    expect(stdout).toContain("### Image coverage: 66.66 % of the site's image URLs are warm: 2 of 3, 1 never warmed");
    expect(existsSync(join(cwd, ".prewarm")) ? readdirSync(join(cwd, ".prewarm")) : []).toEqual([]);
  });

  it("is an error without any image, unless that is said to be fine", async () => {
    write("dist/index.html", `<img src="/other.jpg">`);
    expect((await run(["--html", "dist"])).code).toBe(EXIT.usage);
    expect((await run(["--html", "dist", "--allow-empty"])).code).toBe(EXIT.ok);
  });

  it("asks nothing but what is there: no job, no view, and once an image", async () => {
    write("dist/index.html", image("a?w=320") + image("a?w=640") + image("b/c?w=320"));
    await run(["--html", "dist"]);
    expect(api.received.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      "GET /api/v1/images/a",
      "GET /api/v1/images/b%2Fc",
    ]);
    expect(api.jobs.size).toBe(0);
  });

  it("believes a signature only with the key", async () => {
    const config = defineConfig({ sources: [{ prefix: "", url: "https://o.example.com/{id}" }] });
    api.storedOf = () => ["a/750x500-cover-high.webp"];
    const s = await sign("/images/a", "w=750&h=500", "key", config);
    write("dist/index.html", image(`a?w=750&h=500&s=${s}`) + image(`a?w=750&h=500&s=${s.replace(/./, "-")}`));
    expect((await documentOf(["--html", "dist", "--gate"])).urls).toMatchObject({ warm: 2 });
    expect(
      (await documentOf(["--html", "dist", "--gate"], EXIT.failed, { SIGNING_KEYS: "key" })).problems,
    ).toMatchObject([{ reason: "its signature is wrong" }]);
  });

  const ordered = () =>
    api.received
      .filter(({ path }) => path.startsWith("/api/v1/warm"))
      .flatMap(({ body }) => JSON.parse(body).items)
      .toSorted((x, y) => (x.id < y.id ? -1 : 1));

  it("is warmed with --warm, and with --wait looked at again", async () => {
    write("dist/index.html", image("a?w=320") + image("b?w=640"));
    expect(await documentOf(["--html", "dist", "--warm"])).toMatchObject({ urls: { warm: 0, cold: 2 } });
    expect(ordered()).toEqual([
      { id: "a", transforms: ["w=320&q=high&f=webp"] },
      { id: "b", transforms: ["w=640&q=high&f=webp"] },
    ]);
    api.jobs.clear();
    expect(await documentOf(["--html", "dist", "--warm", "--gate", "--wait"])).toMatchObject({
      urls: { warm: 2, cold: 0 },
    });
    expect((await run(["--html", "dist", "--wait"])).code).toBe(EXIT.usage);
  });

  it("orders nothing for a comment on a page, nor what no upload makes", async () => {
    api.versionOf = (id) => (id === "d" ? "2" : null);
    const links = ["a?w=640", "made-up?w=320", "a?w=320&v=zzz"].map((path) => `<a href="${EDGE}/images/${path}">x</a>`);
    const comment = `${links.join("")}<area href="${EDGE}/images/g?w=320"> ${EDGE}/images/b?w=320 <!-- ${image("c?w=320")} -->
      <script>{"image": "${EDGE}/images/e?w=320"}</script>`;
    write("dist/index.html", image("a?w=320") + image("a?w=960") + image("f?w=320&v=1"));
    write("dist/blog.html", image("d?w=640&v=2") + image("d?w=320") + comment);
    const { stderr } = await run(["--html", "dist", "--warm"]);
    expect(ordered()).toEqual([
      { id: "a", transforms: ["w=320&q=high&f=webp"] },
      { id: "d", v: "2", transforms: ["w=640&q=high&f=webp"] },
    ]);
    expect(stderr).toContain("7 cold URLs are not ordered");
  });

  it("is reported under a name with --report, also where it is not warm", async () => {
    write("dist/index.html", image("a?w=320") + image("a?w=960"));
    const ended = await run(["--html", "dist", "--gate", "--report", "shop"]);
    expect(ended).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining("Reported as shop.") });
    const [sent] = api.received.filter(({ method }) => method === "PUT");
    expect(sent?.path).toBe("/api/v1/coverage/shop");
    expect(JSON.parse(sent?.body ?? "")).toMatchObject({
      site: "dist",
      pages: 1,
      failed: 0,
      isWhole: true,
      share: 0,
      counts: { warm: 0, cold: 1, neverWarmed: 1, refused: 0, passedThrough: 0 },
      problems: [{ path: "a?w=320", place: "index.html:1" }, { path: "a?w=960" }],
      lines: [{ line: "pages.widths: add 960", urls: 1 }],
      asked: ["w=320&q=high&f=webp", "w=960&q=high&f=webp"],
    });
    expect((await run(["--html", "dist", "--report", "My Shop"])).code).toBe(EXIT.usage);
  });
});

it("reads the pages of a sitemap that is named, and one input alone", async () => {
  const base = { url: "" };
  const site = await siteOf({
    "/shop.xml": (response) => response.end(`<urlset><url><loc>${base.url}/a</loc></url></urlset>`),
    "/a": image("a?w=320"),
    "/b": image("b?w=320"),
  });
  base.url = site.url;
  const found = await documentOf(["--sitemap", `${site.url}/shop.xml`, "--rate", "1000"]);
  expect([found.pagesRead, found.urls.cold]).toEqual([1, 1]);
  for (const inputs of [
    [],
    ["--html", "dist", "--sitemap", site.url],
    ["--site", site.url, "--sitemap", site.url],
    ["--html", site.url],
    ["--site", "dist"],
  ])
    expect((await run(inputs)).code).toBe(EXIT.usage);
});

describe("a site on the web", () => {
  it("is read by its sitemap, style sheets too, and each page that is no page is reported and stops nothing", async () => {
    api.storedOf = warm;
    const base = { url: "" };
    const names = ["ok", "fails", "gone", "away", "round", "pdf", "secret", "moved"];
    const site = await siteOf({
      "/robots.txt": "User-agent: *\nDisallow: /secret\n",
      "/sitemap.xml": (response) =>
        response
          .writeHead(200, { "content-type": "text/xml" })
          .end(`<urlset>${names.map((name) => `<url><loc>${base.url}/${name}</loc></url>`).join("")}</urlset>`),
      "/ok": `<link rel="stylesheet" href="/site.css"><a href="/hidden">x</a>${image("a?w=320")}`,
      "/site.css": `a { background: url(${EDGE}/images/css?w=320) }`,
      "/fails": (response) => response.writeHead(500).end(),
      "/away": (response) => response.writeHead(302, { location: "https://login.example.com/" }).end(),
      "/round": (response) => response.writeHead(302, { location: "/round" }).end(),
      "/pdf": (response) => response.writeHead(200, { "content-type": "application/pdf" }).end("%PDF"),
      "/secret": image("secret?w=320"),
      "/moved": (response) => response.writeHead(301, { location: "/new/place" }).end(),
      "/new/place": image("moved?w=320"),
    });
    base.url = site.url;
    const found = await documentOf(["--site", site.url, "--gate"], EXIT.failed);
    expect(found.urls).toMatchObject({ warm: 3 });
    expect(
      Object.fromEntries(
        found.notRead.map(({ page, kind, why }: { page: string; kind: string; why: string }) => [
          new URL(page).pathname,
          `${kind}: ${why}`,
        ]),
      ),
    ).toEqual({
      "/fails": "failed: it answers 500",
      "/gone": "missing: it answers 404",
      "/away": "away: redirects to https://login.example.com/",
      "/round": "failed: it redirects more than 5 times",
      "/pdf": "other: it is application/pdf",
      "/secret": "robots: robots.txt forbids it",
    });
    expect(site.asked).not.toContain("/secret");
    expect(site.asked).not.toContain("/hidden");
  });

  it("has a robots.txt of any length, of which 512 kB are read", async () => {
    let sent = 0;
    const site = await siteOf({
      "/robots.txt": (response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(`# ${"a".repeat(65_533)}\n`)) sent += 65_536;
        };
        response.writeHead(200).on("drain", more).write("User-agent: *\nDisallow: /secret\n");
        more();
      },
      "/": `<a href="/secret">x</a>${image("a?w=320")}`,
      "/secret": image("b?w=320"),
    });
    await run(["--site", site.url, "--rate", "1000"]);
    expect(site.asked).not.toContain("/secret");
    // What the sockets hold is sent and not read.
    expect(sent).toBeLessThan(16 * 512_000);
  });

  it("is not waited for longer than --page-timeout", async () => {
    const site = await siteOf({
      "/": (response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.write(image("never?w=320"));
      },
    });
    const { stderr } = await run(["--site", site.url, "--page-timeout", "0.1s"]);
    expect(stderr).toContain(`${site.url}/: it does not end within 0.1 s`);
  });

  it("has the letters that its header names, else its page", async () => {
    api.storedOf = (id) => warm(encodeURIComponent(id));
    const send =
      (type: string, body: Buffer): FakePage =>
      (response) =>
        response.writeHead(200, { "content-type": type }).end(body);
    const html = image("caf\u00e9?w=320");
    const link = ["a", "b", "c"].map((name) => `<a href="/${name}">x</a>`).join("");
    const site = await siteOf({
      "/": link,
      "/a": send("text/html; charset=iso-8859-1", Buffer.from(html, "latin1")),
      "/b": send("text/html", Buffer.from(`<meta charset=latin1>${html}`, "latin1")),
      "/c": send("text/html; charset=latin1", Buffer.from(`\ufeff${html}`)),
    });
    const { urls, pages } = await documentOf(["--site", site.url, "--rate", "1000", "--gate"]);
    expect([urls.warm, pages.length]).toEqual([1, 3]);
  });

  it("is read by its links where there is no sitemap, within the host, --max-pages and robots.txt", async () => {
    api.storedOf = warm;
    const link = (to: string) => `<a href="${to}">x</a>`;
    const site = await siteOf({
      "/": link("/a") + link("/b#c") + link("https://elsewhere.example/") + link("mailto:x@example.com"),
      "/a": link("/") + link("b") + link("/c") + image("a?w=320"),
      "/b": image("b?w=320") + link("/d"),
      "/c": image("c?w=320"),
      "/d": image("d?w=320"),
    });
    expect((await documentOf(["--site", site.url, "--rate", "1000"])).urls).toMatchObject({ warm: 4 });
    expect(site.asked.filter((path) => path === "/b")).toHaveLength(1);
    expect((await documentOf(["--site", site.url, "--rate", "1000", "--max-pages", "3"])).pagesRead).toBe(3);
  });

  it("is asked no faster than --rate and Crawl-delay say", async () => {
    const pages = Object.fromEntries(["a", "b", "c", "d"].map((name) => [`/${name}`, image(`${name}?w=320`)]));
    const links = Object.keys(pages)
      .map((path) => `<a href="${path}">x</a>`)
      .join("");
    const site = await siteOf({ "/robots.txt": "User-agent: prewarm\nCrawl-delay: 0.2", "/": links, ...pages });
    const { slept } = await run(["--site", site.url, "--rate", "1000"]);
    expect(site.asked.filter((path) => !path.includes("."))).toHaveLength(5);
    expect(slept).toBe(4 * 200);
  });

  it("goes on after Ctrl-C where it was, and asks for no page twice", async () => {
    api.storedOf = warm;
    const links = Array.from({ length: 40 }, (_, at) => `<a href="/p/${at}">x</a>`).join("");
    // Every page after the eighth is held back until the signal has been sent.
    const held = Promise.withResolvers<void>();
    const paths = Array.from({ length: 40 }, (_, at) => `/p/${at}`);
    const pages = Object.fromEntries(
      paths.map((path, at): [string, FakePage] => [
        path,
        async (response) => {
          if (at >= 8) await held.promise;
          response.writeHead(200, { "content-type": "text/html" }).end(image(`${at}?w=320`));
        },
      ]),
    );
    const site = await siteOf({ "/": links, ...pages });
    const args = ["coverage", "--site", site.url, "--rate", "1000", "--json"];
    const first = startPrewarm(args, { cwd, url: api.url, env });
    await vi.waitFor(() => expect(site.asked).toContain("/p/8"), 60_000);
    first.child.kill("SIGINT");
    held.resolve();
    const stopped = await first.ended;
    expect(stopped).toMatchObject({ code: EXIT.interrupted, stderr: expect.stringContaining("add --resume") });
    const before = site.asked.filter((path) => path.startsWith("/p/")).length;
    expect(before).toBeLessThan(40);
    const { stdout } = await runHere([...args, "--resume"], { cwd, url: api.url, env });
    expect(JSON.parse(stdout)).toMatchObject({ urls: { warm: 40 }, pagesRead: 41 });
    expect(site.asked.filter((path) => path.startsWith("/p/"))).toHaveLength(40);
    expect((await run(["--site", site.url, "--rate", "1000", "--resume"])).code).toBe(EXIT.usage);
  });
});
