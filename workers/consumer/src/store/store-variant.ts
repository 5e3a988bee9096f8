import type { Format } from "@prewarm/shared/config";
import type { DeadMarker } from "@prewarm/shared/markers";
import { CONTENT_TYPES } from "@prewarm/shared/mime";
import { deadKey, missingKey, storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata, toCustomMetadata, type VariantMetadata } from "@prewarm/shared/variant-metadata";

/** What is needed of the bucket of variants (`IMAGES_BUCKET`). */
export type ImagesBucket = Pick<R2Bucket, "head" | "get" | "put" | "delete">;

/** An object as the head saw it. */
export interface Seen {
  etag: string;
  bytes: number;
  /** The generation that made it; -1 for objects we did not put, which never count. */
  gen: number;
}

/** What browsers and edges in front of the bucket may do with the bytes; the edge Worker says it anew. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";

export async function headVariant(bucket: ImagesBucket, key: string): Promise<Seen | null> {
  const object = await bucket.head(storeKey(key));
  if (object === null) return null;
  return { etag: object.etag, bytes: object.size, gen: fromCustomMetadata(object.customMetadata)?.gen ?? -1 };
}

/**
 * Writes a variant if what stands there is still what `seen` saw (null: nothing). Nothing else fences a handler that stalled
 * between check and put: without the condition it would bring purged or older bytes back.
 *
 * @returns the new etag, or null when somebody wrote in between
 */
export async function putVariant(
  bucket: ImagesBucket,
  variant: { key: string; bytes: Uint8Array; format: Format; metadata: VariantMetadata },
  seen: Seen | null,
): Promise<{ etag: string } | null> {
  const object = await bucket.put(storeKey(variant.key), variant.bytes, {
    onlyIf: seen === null ? { etagDoesNotMatch: "*" } : { etagMatches: seen.etag },
    httpMetadata: { contentType: CONTENT_TYPES[variant.format], cacheControl: CACHE_CONTROL },
    customMetadata: toCustomMetadata(variant.metadata),
  });
  return object === null ? null : { etag: object.etag };
}

const MISSING_FIRST_MS = 60_000;
const MISSING_LONGEST_MS = 3_600_000;

async function putMarker(bucket: ImagesBucket, key: string, marker: DeadMarker, times: number): Promise<void> {
  await bucket.put(key, JSON.stringify(marker), {
    httpMetadata: { contentType: "application/json" },
    customMetadata: { times: String(times) },
  });
}

/** Tells the edge that this variant will not be made, until `marker.until`. Written before the dead settle. */
export async function markDead(bucket: ImagesBucket, key: string, marker: DeadMarker): Promise<void> {
  await putMarker(bucket, deadKey(key), marker, 1);
}

/**
 * Tells the edge that an original is missing: for 60 s, doubling with each time it is still missing, up to an hour.
 * @returns when it should be looked for again, Unix ms
 */
export async function markMissing(bucket: ImagesBucket, id: string, now: number): Promise<number> {
  const before = await bucket.head(missingKey(id));
  const times = Math.min(20, Math.max(0, Number(before?.customMetadata?.times ?? 0) || 0)) + 1;
  const until = now + Math.min(MISSING_LONGEST_MS, MISSING_FIRST_MS * 2 ** (times - 1));
  await putMarker(bucket, missingKey(id), { code: "missing", until }, times);
  return until;
}

export async function deleteVariants(bucket: ImagesBucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 1000) await bucket.delete(keys.slice(at, at + 1000).map(storeKey));
}
