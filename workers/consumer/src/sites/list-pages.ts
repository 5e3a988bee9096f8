import type { SiteConfig } from "@prewarm/shared/config";
import { refusalOf } from "@prewarm/shared/public-address";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { follow } from "@prewarm/site-pages/fetch-page";
import type { PageFault } from "@prewarm/site-pages/read-page";
import { ROBOTS_MAX_BYTES } from "@prewarm/site-pages/robots";
import { scanSitemap } from "@prewarm/site-pages/scan-sitemap";
import type { SiteDeps } from "./site-deps.ts";
import { hostsOf } from "./site-guard.ts";
import type { PageList } from "./visit-store.ts";

/** Sitemaps of one site; an index may name 50,000, of which no site here has more than some hundred. */
const SITEMAPS_MAX = 500;
/** Pages that are counted beyond those that are read. */
const COUNT_MAX = 200_000;
/** Longest that all sitemaps together may take, and one robots.txt, ms. */
const SITEMAPS_MS = 40_000;
const ROBOTS_MS = 5_000;

/** The pages of a site's sitemaps that are read today, and how many more there are. Throws an Error that says why no sitemap could be read. */
export async function listPages(
  site: SiteConfig,
  most: number,
  deps: SiteDeps,
): Promise<{ list: PageList; leftOut: number }> {
  const hosts = hostsOf(site);
  const pages = new Set<string>();
  let leftOut = 0;
  for await (const address of sitemapPages(site, deps)) {
    const url = URL.parse(address);
    if (url === null || !hosts.has(url.host) || pages.has(url.href)) continue;
    if (pages.size < most) pages.add(url.href);
    else leftOut += 1;
    if (leftOut >= COUNT_MAX) break;
  }
  const robots: PageList["robots"] = {};
  for (const sitemap of site.sitemaps) robots[new URL(sitemap).host] ??= await robotsText(sitemap, deps);
  return { list: { pages: [...pages], robots }, leftOut };
}

async function* sitemapPages({ sitemaps }: SiteConfig, deps: SiteDeps): AsyncGenerator<string> {
  const waiting = [...sitemaps];
  const signal = AbortSignal.timeout(SITEMAPS_MS);
  for (let at = 0; at < Math.min(waiting.length, SITEMAPS_MAX); at += 1) {
    const place = waiting[at] ?? "";
    try {
      for await (const { of, url } of scanSitemap(await open(place, signal, deps))) {
        if (of === "page") yield url;
        if (of === "sitemap" && !waiting.includes(url)) waiting.push(url);
      }
    } catch (error) {
      throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** A sitemap's bytes, unzipped. */
async function open(place: string, signal: AbortSignal, deps: SiteDeps): Promise<AsyncIterable<Uint8Array>> {
  const url = URL.parse(place);
  const fault = url === null ? "it is no address" : refusalOf(url, deps.allowLoopbackHttp);
  if (fault !== null) throw new Error(fault);
  const answer = await follow(place, { fetch: deps.fetch, refusal: publicOnly(deps) }, signal);
  if (!("response" in answer)) throw new Error(answer.why);
  const { response } = answer;
  if (!response.ok || response.body === null) throw new Error(`it answers ${response.status}`);
  const isZipped = /\.gz$/i.test(new URL(answer.url).pathname) && !response.headers.has("content-encoding");
  return isZipped ? response.body.pipeThrough(new DecompressionStream("gzip")) : response.body;
}

/** A sitemap may stand on another host than its pages. */
function publicOnly({ allowLoopbackHttp }: SiteDeps): (url: URL) => PageFault | null {
  return (url) => {
    const why = refusalOf(url, allowLoopbackHttp);
    return why === null ? null : { kind: "failed", why };
  };
}

/** A site without robots.txt, or with one that cannot be read, forbids nothing. */
async function robotsText(sitemap: string, deps: SiteDeps): Promise<string> {
  try {
    const signal = AbortSignal.timeout(ROBOTS_MS);
    const place = new URL("/robots.txt", sitemap).href;
    const answer = await follow(place, { fetch: deps.fetch, refusal: publicOnly(deps) }, signal);
    if (!("response" in answer) || !answer.response.ok) return "";
    return readBoundedText(answer.response, ROBOTS_MAX_BYTES);
  } catch {
    return "";
  }
}
