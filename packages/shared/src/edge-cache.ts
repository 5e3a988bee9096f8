import { fnv1a } from "./fnv1a.ts";

/*
 * What edge and consumer agree on about Cloudflare's Workers Cache, which stands in front of the edge where `edgeCache` is `"workers"`.
 * Only the entrypoint whose answers a cache holds can purge it, so the ledger decides what is due and the edge carries it out.
 */

/** Buckets of images: with a long list of purges, 11 calls empty every image's copies. */
export const CACHE_BUCKETS = 1_024;
/** On every answer to a signed URL, so that a key can be taken back before its URLs end. */
export const SIGNED_TAG = "signed";
/** Answers live in the Workers Cache for so long, seconds: 30 days, if no purge ends them. */
export const WORKERS_CACHE_SECONDS = 2_592_000;

/** The tag of an image's answers, of all its variants and versions. Two images may share a tag: then both are purged. `id`: encoded, as keys begin. */
export function imageTag(id: string): string {
  return `i-${fnv1a(id).toString(16)}`;
}

/** The tag of an image's bucket. `id`: encoded. */
export function bucketTag(id: string): string {
  return `b-${bucketOf(id)}`;
}

/** The number of an image's bucket. `id`: encoded. */
export function bucketOf(id: string): number {
  return fnv1a(id) % CACHE_BUCKETS;
}

/** A call of the cache that is due. */
export interface CachePurge {
  /** Of this call; the result names it. */
  number: number;
  /** `purge` deletes copies, for removals. `invalidate` keeps them and asks for each with its ETag, for replacements. */
  kind: "purge" | "invalidate";
  /** At most 100. */
  tags: readonly string[] | "everything";
}

/** What the edge asks of the consumer once it has been told that a call is due: a POST to its `/images/` tells it, and needs no secret. */
export interface CachePurges {
  /** Null: nothing is due, or the platform's limit allows no call now. */
  takeCachePurge(): Promise<CachePurge | null>;
  /** `error` null: the cache has taken it. */
  noteCachePurge(number: number, error: string | null): Promise<void>;
}
