import { nodeSql } from "@prewarm/durable-queue/testing/node-sql";
import { defineConfig, type SiteConfig } from "@prewarm/shared/config";
import { toCustomMetadata } from "@prewarm/shared/variant-metadata";
import { describe, expect, it, vi } from "vitest";
import { chunkOf } from "../ledger/testing/chunk-of.ts";
import { clientOf } from "../ledger/testing/client-of.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import type { SiteDeps } from "./site-deps.ts";
import { walkSites } from "./walk-sites.ts";

const SITE = "https://shop.example.com";
const EDGE = "https://images.example.com";
const WIDTHS = [320, 640];

type Answer = string | { status?: number; to?: string; type?: string; body?: string; hangs?: () => void };

const sitemapOf = (...paths: string[]) =>
  `<urlset>${paths.map((path) => `<url><loc>${SITE}${path}</loc></url>`).join("")}</urlset>`;
const img = (path: string) => `<img src="${EDGE}/images/${path.replaceAll("&", "&amp;")}">`;
const both = (id: string) => WIDTHS.map((width) => img(`${id}?w=${width}&f=webp`)).join("\n");

/** A site, a store and a ledger; the handler's calls may fail, as it does when it dies. */
function world(pages: Record<string, Answer>, site: Partial<SiteConfig> = {}) {
  const config = defineConfig({
    sources: [{ prefix: "", url: "https://o.example.com/{id}" }],
    pages: { widths: WIDTHS, formats: ["webp"] },
    sites: { shop: { sitemaps: [`${SITE}/sitemap.xml`], ...site } },
  });
  let now = Date.UTC(2026, 10, 24, 12);
  const clock = { now: () => now, random: () => 0.5 };
  const sql = nodeSql();
  const { engine } = testEngine(sql, { config, clock });
  const { bucket, objects, fails, calls } = createMemoryBucket();
  const asked: { url: string; at: number }[] = [];
  const logs: unknown[] = [];
  let wakes = 0;
  let owners = 0;
  const deps: SiteDeps = {
    ...{ config, clock, ledger: clientOf(engine), bucket, signingKeys: [], allowLoopbackHttp: false },
    imagesUrls: [`${EDGE}/images/`],
    log: (event, fields) => logs.push([event, fields]),
    fetch: async (input, init) => {
      const url = new URL(String(input));
      asked.push({ url: url.href, at: now });
      const known = url.origin === SITE ? pages[url.pathname] : undefined;
      if (known === undefined) return new Response("", { status: 404 });
      const {
        status = 200,
        to,
        type = "text/html",
        body = "",
        hangs,
      } = typeof known === "string" ? { body: known } : known;
      if (hangs) {
        queueMicrotask(hangs);
        return hang(init?.signal);
      }
      const headers = {
        "content-type": url.pathname.endsWith(".css") ? "text/css" : type,
        ...(to ? { location: to } : {}),
      };
      return new Response(body, { status, headers });
    },
    sleep: async (ms) => {
      now += ms;
    },
    newOwner: () => {
      owners += 1;
      return `owner-${owners}`;
    },
    wake: async (seconds) => {
      wakes += 1;
      now += seconds * 1000;
    },
  };
  const store = (id: string, ...widths: number[]) => {
    for (const width of widths)
      void bucket.put(`variants/${id}/${width}-high.webp`, "x", {
        customMetadata: toCustomMetadata({
          gen: 1,
          job: "j",
          sourceEtag: null,
          originalBytes: null,
          width,
          height: width,
          createdAt: now,
        }),
      });
  };
  /** Handler after handler, until none calls another one. */
  const walk = async () => {
    for (let before = -1; before !== wakes; ) {
      if (wakes > 200) throw new Error("a visit has no end");
      before = wakes;
      await walkSites(deps);
    }
  };
  const shown = () => engine.listSites()[0];
  const result = () => shown()?.last ?? null;
  return {
    deps,
    engine,
    objects,
    fails,
    calls,
    asked,
    logs,
    store,
    walk,
    shown,
    result,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

function hang(signal: AbortSignal | null | undefined): Promise<Response> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

describe("a visit says what a site's pages ask for and R2 has not", () => {
  it("by page and URL, with the line that would make it, each URL once", async () => {
    const { walk, store, result, objects } = world({
      "/sitemap.xml": sitemapOf("/", "/a", "/b"),
      "/": both("logo"),
      "/a": `${both("logo")}${both("cat")}${img("cat?w=960&f=webp")}`,
      "/b": `${both("logo")}${img("dog.svg?w=320&f=webp")}<link rel=stylesheet href="/site.css">`,
      "/site.css": `body { background: url(${EDGE}/images/back?w=320&f=webp) }`,
    });
    store("logo", ...WIDTHS);
    store("cat", 320);
    await walk();
    expect(result()).toMatchObject({
      ...{ visit: 1, reason: "night", fault: null, pages: 4, failed: 0, isWarm: false, run: null },
      counts: { warm: 3, cold: 2, neverWarmed: 1, refused: 0, passedThrough: 1 },
      share: 50,
      worst: [
        { page: `${SITE}/a`, counts: { cold: 1, neverWarmed: 1 } },
        { page: `${SITE}/site.css`, counts: { cold: 1 } },
      ],
      lines: [{ line: "pages.widths: add 960", urls: 1, images: 1, jobsPerUpload: 1 }],
    });
    expect(result()?.problems.map(({ path, verdict, place }) => [path, verdict, place])).toEqual([
      ["cat?w=640&f=webp", "cold", `${SITE}/a:3`],
      ["cat?w=960&f=webp", "neverWarmed", `${SITE}/a:3`],
      ["back?w=320&f=webp", "cold", `${SITE}/site.css:1`],
    ]);
    expect([...objects.keys()].filter((key) => key.startsWith("sites/"))).toEqual([]);
  });

  it("by lists that images beside each other share, and one call of the ledger for 50 of them", async () => {
    const ids = Array.from({ length: 120 }, (_, n) => `photos/${n}.jpg`);
    const { walk, store, result, calls, deps } = world({
      "/sitemap.xml": sitemapOf("/"),
      "/": ids.map(both).join("\n"),
    });
    for (const id of ids) store(encodeURIComponent(id), ...WIDTHS);
    const rows = vi.spyOn(deps.ledger, "rowsOfImages");
    await walk();
    expect(result()).toMatchObject({ counts: { warm: 240 }, share: 100 });
    expect(rows).toHaveBeenCalledTimes(3);
    const lists = calls.filter((call) => call.startsWith("list variants/"));
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.length).toBeLessThan(60);
  });

  it("also where a page fails, leads away, is forbidden, is too large or is another thing: none of them stops the others", async () => {
    const { walk, store, result, asked } = world({
      "/robots.txt": "User-agent: *\nDisallow: /private",
      "/sitemap.xml": sitemapOf("/fails", "/away", "/gone", "/private", "/large", "/pdf", "/circle", "/good"),
      "/fails": { status: 500 },
      "/away": { status: 302, to: "https://elsewhere.example.com/" },
      "/private": both("secret"),
      "/large": "x".repeat(2 * 1024 * 1024 + 1),
      "/pdf": { type: "application/pdf" },
      "/circle": { status: 302, to: "/circle" },
      "/good": both("cat"),
    });
    store("cat", ...WIDTHS);
    await walk();
    expect(asked.filter(({ url }) => !url.startsWith(`${SITE}/`) || url.endsWith("/private"))).toEqual([]);
    expect(result()).toMatchObject({ pages: 8, failed: 3, share: 100, isWarm: false, counts: { warm: 2, cold: 0 } });
    expect(result()?.failures).toEqual([
      { page: `${SITE}/fails`, why: "it answers 500" },
      { page: `${SITE}/large`, why: "it is larger than 2 MiB" },
      { page: `${SITE}/circle`, why: "it redirects more than 5 times" },
    ]);
  });

  it("also where a page never ends", async () => {
    // Of the last limit that was set, which is the page's own once it is asked for.
    let limit = new AbortController();
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      limit = new AbortController();
      return limit.signal;
    });
    const { walk, store, result } = world({
      "/sitemap.xml": sitemapOf("/hangs", "/good"),
      "/hangs": { hangs: () => limit.abort(new DOMException("over", "TimeoutError")) },
      "/good": both("cat"),
    });
    store("cat", ...WIDTHS);
    await walk();
    vi.restoreAllMocks();
    expect(result()).toMatchObject({ failed: 1, share: 100, isWarm: false });
    expect(result()?.failures).toEqual([{ page: `${SITE}/hangs`, why: "it does not end within 10 s" }]);
  });

  it.each([
    ["its sitemap is missing", {}, `${SITE}/sitemap.xml: it answers 404`],
    [
      "its sitemap is none",
      { "/sitemap.xml": "hello" },
      `${SITE}/sitemap.xml: it is no sitemap: there is no XML in it`,
    ],
    [
      "its sitemap leads to a private address",
      { "/sitemap.xml": { status: 302, to: "http://169.254.169.254/" } },
      "http: is not fetched",
    ],
    [
      "its sitemap names other hosts only",
      { "/sitemap.xml": "<urlset><url><loc>https://other.example.com/</loc></url></urlset>" },
      "its sitemaps name no page of their own hosts",
    ],
  ])("or why it can say nothing: %s", async (_, pages, why) => {
    const { walk, result } = world(pages as Record<string, Answer>);
    await walk();
    expect(result()).toMatchObject({ isWarm: false, fault: expect.stringContaining(why) });
  });
});

describe("a visit is polite", () => {
  const paths = Array.from({ length: 30 }, (_, at) => `/${at}`);
  const pages = { "/sitemap.xml": sitemapOf(...paths), ...Object.fromEntries(paths.map((path) => [path, both("a")])) };
  const gaps = (asked: readonly { url: string; at: number }[]) => {
    const times = asked.filter(({ url }) => /\/\d+$/.test(url)).map(({ at }) => at);
    return Math.min(...times.slice(1).map((time, at) => time - (times[at] ?? 0)));
  };

  it("reads five pages a second, fewer where robots.txt asks for it, and as many as the configuration says", async () => {
    const plain = world(pages);
    await plain.walk();
    const slow = world({ ...pages, "/robots.txt": "User-agent: prewarm\nCrawl-delay: 2" });
    await slow.walk();
    const own = world(pages, { pagesPerSecond: 20 });
    await own.walk();
    expect([gaps(plain.asked), gaps(slow.asked), gaps(own.asked)]).toEqual([200, 2000, 50]);
  });

  it("reads no more pages than the day has, and says how many it left out", async () => {
    const { walk, result, asked } = world(pages, { pagesPerDay: 12 });
    await walk();
    expect(result()).toMatchObject({ pages: 12, leftOut: 18, isWarm: false });
    expect(asked.filter(({ url }) => /\/\d+$/.test(url))).toHaveLength(12);
  });
});

describe("what is missing is warmed", () => {
  const pages = {
    "/sitemap.xml": sitemapOf("/"),
    "/": `${both("cat")}${img("cat?w=960&f=webp")}${img("cat?w=1&bad=1")}`,
  };

  it("in the lane of warming, and judged again when it has ended", async () => {
    const made = world(pages, { warm: true });
    const { deps, engine, store, walk, shown, result } = made;
    store("cat", 320);
    const { getRun } = deps.ledger;
    const orders: unknown[] = [];
    vi.spyOn(deps.ledger, "acceptChunk").mockImplementation(async (chunk) => {
      orders.push([chunk.run.lane, chunk.images.map(({ id, keys }) => [id, keys.toSorted()])]);
      return engine.acceptChunk(chunk);
    });
    vi.spyOn(deps.ledger, "getRun").mockImplementation(async (run) => {
      const view = await getRun.call(deps.ledger, run);
      if (view === null || orders.length === 0) return view;
      expect(shown()?.visit).toMatchObject({ step: "wait", run });
      store("cat", 640, 960);
      return { ...view, state: "done" };
    });
    await walk();
    expect(orders).toEqual([["bulk", [["cat", ["cat/640-high.webp", "cat/960-high.webp"]]]]]);
    expect(result()).toMatchObject({ share: 75, counts: { warm: 3, refused: 1 }, run: "site_shop_2026-11-24_1" });
  });

  it("by one chain of handlers, however many are called", async () => {
    const { deps, engine, walk, shown, advance } = world(pages, { warm: true });
    await walkSites(deps);
    expect(shown()?.visit).toMatchObject({ step: "wait" });
    const calls: number[] = [];
    const still = { ...deps, wake: async (seconds: number) => void calls.push(seconds) };
    for (let handler = 0; handler < 3; handler += 1) await walkSites(still);
    expect(calls).toEqual([3]);
    advance(3_000);
    engine.cancelRun(shown()?.visit?.run ?? "", "test");
    await walk();
    expect(shown()).toMatchObject({ visit: null, last: { counts: { cold: 2 } } });
  });

  it("only where the site says so", async () => {
    const { deps, walk, result } = world(pages);
    const accept = vi.spyOn(deps.ledger, "acceptChunk");
    await walk();
    expect([accept.mock.calls.length, result()?.run]).toEqual([0, null]);
  });

  it("for a day at most", async () => {
    const { deps, engine, walk, result, advance, shown } = world(pages, { warm: true, hour: null });
    engine.askVisits(["shop"], "deploy", "test");
    vi.spyOn(deps.ledger, "getRun").mockImplementation(async (run) => {
      advance(3_600_000);
      return engine.getRun(run);
    });
    await walk();
    expect(result()).toMatchObject({ isWarm: false, counts: { warm: 0, cold: 2 } });
    expect(shown()?.visit).toBeNull();
  });
});

describe("a handler that dies", () => {
  const paths = Array.from({ length: 120 }, (_, at) => `/p/${at}`);
  const pages = {
    "/sitemap.xml": sitemapOf(...paths),
    ...Object.fromEntries(paths.map((path, at) => [path, both(`image-${at}`)])),
  };

  it("loses one step, wherever it dies, and the result is the same", async () => {
    const calm = world(pages);
    await calm.walk();
    const wanted = { ...calm.result(), startedAt: 0, endedAt: 0 };
    expect(wanted).toMatchObject({ pages: 120, counts: { cold: 240 } });
    for (let dies = 1; dies < 12; dies += 1) {
      const { deps, walk, advance, result, asked } = world(pages);
      const keep = deps.ledger.keepVisit.bind(deps.ledger);
      let kept = 0;
      vi.spyOn(deps.ledger, "keepVisit").mockImplementation(async (given) => {
        kept += 1;
        if (kept === dies) throw new Error("the isolate is gone");
        return keep(given);
      });
      await walk();
      advance(121_000);
      await walk();
      expect({ dies, ...result(), startedAt: 0, endedAt: 0 }).toEqual({ dies, ...wanted });
      expect(asked.filter(({ url }) => url.includes("/p/")).length).toBeLessThanOrEqual(120 + 50);
    }
  });
});

it("a ledger that has no site makes no call of the network", async () => {
  const { deps, asked, engine } = world({});
  engine.acceptChunk(chunkOf({ keys: ["a/320-high.webp"] }, { id: "d", chunk: 0, hash: "h" }));
  await walkSites({ ...deps, ledger: { ...deps.ledger, takeVisit: async () => null } });
  expect(asked).toEqual([]);
});
