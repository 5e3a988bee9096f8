import { storeKey } from "@prewarm/shared/variant-key";
import type { StoredObject } from "../bindings.ts";
import { clientCaching } from "../caching.ts";
import { answerMiss } from "../miss/answer-miss.ts";
import { deleteAsked, MARKER_LIFE_MS } from "../miss/asked-marker.ts";
import type { Visit } from "../request-context.ts";
import { within } from "../time-limit.ts";
import { answerVariant } from "./answer-variant.ts";
import { fromCacheCopy, fromStore, toCacheCopy, type Variant } from "./variant.ts";

/**
 * Shares of the budget. A hanging cache must leave time to ask R2, and a slow R2 some time to ask for the variant.
 */
const CACHE_SHARE = 0.25;
const STORE_SHARE = 0.6;

/** Cache, then R2, then a miss (design: the edge, in order). Bindings may throw, hang or dawdle: the answer comes within the budget. */
export async function serveVariant(visit: Visit): Promise<Response> {
  const { ask, edge } = visit;
  const budget = edge.config.edgeBudgetMs;
  const cacheUrl = `${ask.origin}/images/${ask.key}`;
  const matched = await within(() => edge.cache.match(cacheUrl), visit.left(budget * CACHE_SHARE));
  visit.mark("cache");
  const copy = matched.ok && matched.value !== undefined ? fromCacheCopy(matched.value, ask.transform.format) : null;
  if (copy !== null) {
    edge.memory.forget(ask.key);
    return answer(visit, copy, "edge; hit");
  }
  const fetched = await within(() => edge.images.get(storeKey(ask.key)), visit.left(budget * STORE_SHARE));
  visit.mark("r2");
  if (!fetched.ok) {
    edge.log("edge.degraded", { step: "r2", reason: fetched.reason });
    // Whether it is stored is not known, so nothing is asked for either.
    return answerMiss(visit, "unavailable");
  }
  if (fetched.value === null) return answerMiss(visit, null);
  const variant = fromStore(fetched.value, ask.transform.format);
  afterHit(visit, fetched.value);
  if (!matched.ok) return answer(visit, variant, "edge; fwd=uri-miss; detail=unavailable, store; hit");
  return answer(visit, { ...variant, body: teeIntoCache(visit, cacheUrl, variant) }, "edge; fwd=uri-miss, store; hit");
}

function answer({ ask, edge, timing }: Visit, variant: Variant, cacheStatus: string): Response {
  return answerVariant(variant, {
    method: ask.method,
    requestHeaders: ask.headers,
    cacheStatus,
    timing: timing(),
    negotiated: ask.negotiated,
    cacheControl: clientCaching(edge.config.freshness, ask.expiresAt, Math.floor(edge.clock.now() / 1000)),
  });
}

/** The viewer's bytes are the cache's: both read one stream, which the platform knows the length of, and nothing is held in memory. */
function teeIntoCache(
  { edge, background }: Visit,
  cacheUrl: string,
  variant: Variant,
): ReadableStream<Uint8Array> | null {
  if (variant.body === null) return null;
  const [forViewer, forCache] = variant.body.tee();
  background(put(() => edge.cache.put(cacheUrl, toCacheCopy(variant, forCache, edge.config.cacheSeconds))));
  return forViewer;
}

/** A copy that fails to be kept is made by the next request. */
async function put(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    return;
  }
}

/** A hit ends the silence about a key, here and in the data centre. Markers older than the object's upload have expired by then. */
function afterHit({ ask, edge, background }: Visit, object: StoredObject): void {
  edge.memory.forget(ask.key);
  if (edge.clock.now() - object.uploaded.getTime() > MARKER_LIFE_MS) return;
  background(put(() => deleteAsked(edge.cache, ask.origin, ask.key)));
}
