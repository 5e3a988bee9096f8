import type { SiteConfig } from "@prewarm/shared/config";
import { refusalOf } from "@prewarm/shared/public-address";
import { AGENT } from "@prewarm/site-pages/fetch-page";
import type { PageFault } from "@prewarm/site-pages/read-page";
import { type Robots, readRobots } from "@prewarm/site-pages/robots";
import type { SiteDeps } from "./site-deps.ts";

/** The hosts of a site, with their ports: those of its sitemaps. */
export function hostsOf({ sitemaps }: SiteConfig): ReadonlySet<string> {
  return new Set(sitemaps.map((sitemap) => new URL(sitemap).host));
}

export function robotsOf(texts: Readonly<Record<string, string>>): ReadonlyMap<string, Robots> {
  return new Map(Object.entries(texts).map(([host, text]) => [host, readRobots(text, AGENT)]));
}

/** Why an address may not be fetched; null: it may. `robots`: by host; a host without it allows everything. */
export function guardOf(
  site: SiteConfig,
  robots: ReadonlyMap<string, Robots>,
  { allowLoopbackHttp }: Pick<SiteDeps, "allowLoopbackHttp">,
): (url: URL) => PageFault | null {
  const hosts = hostsOf(site);
  return (url) => {
    if (!hosts.has(url.host)) return { kind: "away", why: `it is at ${url.host}` };
    const private_ = refusalOf(url, allowLoopbackHttp);
    if (private_ !== null) return { kind: "failed", why: private_ };
    const allows = robots.get(url.host)?.allows(url.pathname + url.search) ?? true;
    return allows ? null : { kind: "robots", why: "robots.txt forbids it" };
  };
}
