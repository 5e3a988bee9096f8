import { isRemoved, type Standing, standingOf } from "@prewarm/shared/changes";
import { OLD_COPY_SECONDS } from "@prewarm/shared/limits";
import { storeKey } from "@prewarm/shared/variant-key";
import { genOf } from "@prewarm/shared/variant-metadata";
import type { StoredObject } from "../bindings.ts";
import type { RequestContext, Target } from "../request-context.ts";
import { trimToExpiry } from "../respond.ts";
import { attempt, withTimeLimit } from "../time-limit.ts";
import { findSmaller } from "./smaller.ts";
import { answerVariant, discard, fromCacheCopy, fromStore, type ReadyVariant, toCacheCopy } from "./variant.ts";

/** Shares of the budget. A cache that hangs leaves time for R2, and a slow R2 leaves time to ask for the variant. */
const CACHE_SHARE = 0.25;
const STORE_SHARE = 0.6;
/** A year: the longest that RFC 2616 suggested. */
const YEAR_SECONDS = 31_536_000;

/**
 * Answers with the variant from the cache, else from R2, within the budget even if bindings throw or hang. Null: R2 has
 * no such variant, or this request may read no more. `removed`: the image is. `unavailable`: R2 did not answer, so the
 * variant may exist and no miss asks for it. `other` is served and cached as the target, such as the same picture under
 * another key. So is a smaller format (`f=auto`), under a name with the formats that the client shows, which no request
 * for one format finds.
 */
export async function serveVariant(
  context: RequestContext,
  other?: Pick<Target, "key" | "transform">,
): Promise<Response | "removed" | "unavailable" | null> {
  const { target, edge } = context;
  const { id, key, transform, orElse } = target;
  const stored = other ?? target;
  const formats = [transform.format, ...orElse];
  const cacheUrl = `${target.origin}/images/${key}${orElse.length === 0 ? "" : `?${orElse}`}`;
  const [matched, changes] = await Promise.all([
    withTimeLimit(() => edge.cache.match(cacheUrl), context.left(CACHE_SHARE)),
    context.changes(),
  ]);
  context.mark("cache");
  const copy = matched.ok && matched.value !== undefined ? fromCacheCopy(matched.value, formats) : null;
  if (isRemoved(changes, id)) {
    discard(copy?.body ?? null);
    return "removed";
  }
  const { isFresh } = changes;
  if (copy !== null && changes.isRead && mayShow(copy, standingOf(changes, id, transform, copy.gen))) {
    edge.recentMisses.forget(key);
    return answer(context, copy, "edge; hit", isFresh);
  }
  discard(copy?.body ?? null);
  if (context.reads.left <= 0) return null;
  context.reads.left -= 1;
  const fetched = await withTimeLimit(() => edge.images.get(storeKey(stored.key)), context.left(STORE_SHARE));
  context.mark("r2");
  if (!fetched.ok) {
    edge.log("edge.degraded", { step: "r2", reason: fetched.reason });
    return "unavailable";
  }
  const object = fetched.value;
  if (object === null) return null;
  const standing = standingOf(changes, id, transform, genOf(object.customMetadata));
  if (standing === "gone") {
    discard(object.body);
    return null;
  }
  forgetAsked(context, object);
  const smaller = await findSmaller(context, { key: stored.key, inHand: object, changes });
  const variant = smaller.found ?? fromStore(object, stored.transform.format, standing === "old" || !isFresh);
  if (!matched.ok || smaller.isUnknown)
    return answer(context, variant, "edge; fwd=uri-miss; detail=unavailable, store; hit", isFresh);
  const body = teeIntoCache(context, cacheUrl, variant);
  return answer(context, { ...variant, body }, "edge; fwd=uri-miss, store; hit", isFresh);
}

/**
 * A copy that was old when it was made (`isOld`) lives for seconds, so it may be shown. Any other old copy was made
 * before the change was known.
 */
function mayShow({ isOld }: ReadyVariant, standing: Standing): boolean {
  return standing === "current" || (standing === "old" && isOld);
}

/** `isFresh`: the changes are known. Without them the image may have been removed, so browsers keep it for seconds. */
function answer(context: RequestContext, variant: ReadyVariant, cacheStatus: string, isFresh: boolean): Response {
  context.show(variant);
  return answerVariant(variant, {
    method: context.method,
    requestHeaders: context.headers,
    cacheStatus,
    timing: context.timing(),
    negotiated: context.target.negotiated,
    cacheControl: clientCaching(context, isFresh ? YEAR_SECONDS : OLD_COPY_SECONDS),
  });
}

/**
 * The `Cache-Control` of a variant for clients. It ends with a signed URL's expiry, so that no copy outlives the
 * permission. `most`: seconds.
 */
function clientCaching({ target, edge }: RequestContext, most: number): string {
  if (edge.config.freshness === "revalidate") return "public, max-age=0, must-revalidate";
  const seconds = trimToExpiry(most, target.expiresAt, Math.floor(edge.clock.now() / 1000));
  return `public, max-age=${seconds}, immutable`;
}

/**
 * Splits the stream: one for the viewer, one for the cache. Holds no bytes in memory. If the copy fails, the next
 * request makes another one.
 */
function teeIntoCache(
  { edge, background }: RequestContext,
  cacheUrl: string,
  variant: ReadyVariant,
): ReadableStream<Uint8Array> | null {
  if (variant.body === null) return null;
  const [forViewer, forCache] = variant.body.tee();
  background(attempt(() => edge.cache.put(cacheUrl, toCacheCopy(variant, forCache))));
  return forViewer;
}

/** A stored variant ends the silence about its key, in this isolate and in the data centre. */
function forgetAsked({ target, edge, background }: RequestContext, { uploaded }: StoredObject): void {
  const { recentMisses, clock } = edge;
  recentMisses.forget(target.key);
  if (!recentMisses.mayHaveNote(uploaded.getTime(), clock.now())) return;
  background(attempt(() => recentMisses.deleteNote(target.origin, target.key)));
}
