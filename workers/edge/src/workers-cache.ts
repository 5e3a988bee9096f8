import { bucketTag, imageTag, SIGNED_TAG, WORKERS_CACHE_SECONDS } from "@prewarm/shared/edge-cache";
import { encodeId } from "@prewarm/shared/variant-key";
import type { RequestContext } from "./request-context.ts";
import { trimToExpiry } from "./respond.ts";

/*
 * What the Workers Cache in front of the edge is told, where `edgeCache` is "workers". It would keep an answer that says nothing, and takes
 * the word of `Cache-Control` for itself, which is meant for browsers. So every answer carries the cache's own header, which no viewer sees.
 */

const LIFE = "Cloudflare-CDN-Cache-Control";

/**
 * Lets the cache keep a variant until it is purged, at most for WORKERS_CACHE_SECONDS. What was signed ends with its permission, to the
 * second. An error of the edge never brings an old copy back.
 */
export function keepInFront({ headers }: Response, { target, edge }: RequestContext): void {
  const { expiresAt, signed } = target;
  const id = encodeId(target.id);
  const seconds = trimToExpiry(WORKERS_CACHE_SECONDS, expiresAt, Math.floor(edge.clock.now() / 1000));
  headers.set(LIFE, `max-age=${seconds}, stale-if-error=0${expiresAt === null ? "" : ", must-revalidate"}`);
  headers.set("Cache-Tag", `${imageTag(id)},${bucketTag(id)}${signed ? `,${SIGNED_TAG}` : ""}`);
}

/** Lets it keep nothing of an answer that is no variant, or not the one that was asked for. */
export function keepNothingElse({ headers }: Response): void {
  if (!headers.has(LIFE)) headers.set(LIFE, "no-store");
}
