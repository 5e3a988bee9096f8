import type { Assumption, Documented } from "../assumption.ts";

const TOLD = "workers/edge/src/workers-cache.ts";
const PURGED = "workers/edge/src/purge-cache.ts";
const configuration = (says: string): Documented => ({ page: "Workers, Cache, Configuration", says });
const keys = (says: string): Documented => ({ page: "Workers, Cache, Cache keys", says });
const purging = (says: string): Documented => ({ page: "Workers, Cache, Purging the cache", says });

/** A row that no check of `npm run conformance` provokes: `prewarm smoke --cache` sees some of them on an account that has the cache. */
const row = (name: string, assumes: string, where: string, documented: Documented | null): Assumption => ({
  ...{ name, assumes, where, documented },
  check: null,
});

/** What `edgeCache: "workers"` rests on. The local runtime simulates nothing of it. */
export const WORKERS_CACHE: readonly Assumption[] = [
  row("front-hit", "The Workers Cache answers with its copy, and the edge does not run.", TOLD, {
    page: "Workers, Cache",
    says: "On a hit, the cached response is returned directly.",
  }),
  row(
    "front-life",
    "It goes by `Cloudflare-CDN-Cache-Control` before `Cache-Control`, and viewers never see the former.",
    TOLD,
    configuration("highest precedence. Consumed by Cloudflare and stripped from the response returned to clients."),
  ),
  row(
    "front-stale",
    "With `stale-if-error=0`, and without `stale-while-revalidate`, it shows no copy that is over or marked stale.",
    TOLD,
    {
      page: "Workers, Cache, Debugging",
      says: "The default SWR window is 0, so without an explicit directive every stale request is foreground-revalidated.",
    },
  ),
  row("front-nothing-else", "It keeps no answer that says `no-store`.", TOLD, {
    page: "Workers, Cache, Debugging",
    says: "A response with Cache-Control: private or no-store is not stored",
  }),
  row(
    "front-condition",
    "A 304 that the edge gives to a viewer's condition is kept as nobody's answer.",
    "workers/edge/src/hit/variant.ts",
    null,
  ),
  row(
    "front-range",
    "It asks the edge for the whole, and cuts parts itself.",
    "workers/edge/src/hit/serve-variant.ts",
    configuration("strips the Range header before invoking your Worker"),
  ),
  row(
    "front-vary",
    "It keeps a copy for each spelling of `Accept` where an answer varies with it.",
    TOLD,
    configuration("Values are compared verbatim."),
  ),
  row(
    "front-key",
    "Its key is path and query as they are written, so a signed URL's copy answers that URL alone.",
    TOLD,
    keys("The path and query string of the request URL. Query parameter order matters"),
  ),
  row(
    "front-host",
    "Its key has no host: an address is one picture on all hosts of an edge.",
    "packages/shared/src/config-deploy-rules.ts",
    keys("The cache key does not include the host"),
  ),
  row(
    "front-age",
    "A copy says its `Age`, so that a browser keeps a signed picture no longer than its URL is valid.",
    TOLD,
    null,
  ),
  row(
    "front-head",
    "A HEAD that it has no copy for reaches the edge as GET.",
    TOLD,
    keys("a HEAD request on a cold cache is converted to a GET internally"),
  ),
  row(
    "front-purge",
    "A purge by tag reaches every data centre, within about a second.",
    PURGED,
    purging("propagate globally with the same guarantees as zone-level purges"),
  ),
  row(
    "front-after",
    "It takes calls after the edge has answered, within `waitUntil`.",
    "workers/edge/src/route.ts",
    null,
  ),
  row(
    "front-invalidate",
    "`invalidate()` makes the cache ask the edge with the copy's ETag before it answers.",
    PURGED,
    {
      page: "Changelog, 2026-09-29",
      says: "keeps them but marks them stale, so the cache revalidates them with your Worker instead",
    },
  ),
  row(
    "front-entrypoint",
    "Only the entrypoint that it is in front of can purge it.",
    PURGED,
    purging("purges are further scoped to the entrypoint that called purge()"),
  ),
  row("front-limit", "An account may purge 25 times at once and then 5 times a minute, 100 tags each.", PURGED, {
    page: "Workers, Cache, Limitations",
    says: "always uses the Free tier limits",
  }),
];
