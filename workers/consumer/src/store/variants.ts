import type { Format } from "@prewarm/shared/config";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { FORMAT_ROWS } from "@prewarm/shared/mime";
import { imagePrefix, storeKey } from "@prewarm/shared/variant-key";
import {
  fromCustomMetadata,
  ORIGINAL_JOB,
  toCustomMetadata,
  type VariantMetadata,
} from "@prewarm/shared/variant-metadata";
import { objectsAfter } from "./list-pages.ts";
import { ifNotPutAgain, ifUnchanged } from "./put-condition.ts";
import { deleteObjects } from "./sweep-image.ts";

/** A variant's object as a head saw it. */
export interface StoredObject {
  etag: string;
  bytes: number;
  /** The generation that made it; -1 for objects we did not put, which never count. */
  gen: number;
  /** The formats that it says are smaller (variant-metadata.ts). */
  smaller: readonly Format[];
}

/** What browsers and caches in front of the bucket may do with the bytes; the edge Worker sets it again. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";
/** Names read of one image's list; if it has more variants than that, the rest count as missing. */
const KEYS_MAX = 10_000;

export async function headVariant(bucket: Pick<R2Bucket, "head">, key: string): Promise<StoredObject | null> {
  const object = await bucket.head(storeKey(key));
  if (object === null) return null;
  const made = fromCustomMetadata(object.customMetadata);
  return { etag: object.etag, bytes: object.size, gen: made?.gen ?? -1, smaller: made?.smaller ?? [] };
}

/**
 * Writes a variant if the object there is still `before` (null: none). Without this condition a handler that stalled
 * between check and put would bring purged or older bytes back: nothing else stops it.
 *
 * @returns the new etag, or null when somebody wrote in between
 */
export async function putVariant(
  bucket: Pick<R2Bucket, "put">,
  variant: { key: string; bytes: Uint8Array; format: Format; metadata: VariantMetadata },
  before: StoredObject | null,
): Promise<{ etag: string } | null> {
  const object = await bucket.put(storeKey(variant.key), variant.bytes, {
    onlyIf: ifUnchanged(before?.etag ?? null),
    httpMetadata: { contentType: FORMAT_ROWS[variant.format].type, cacheControl: CACHE_CONTROL },
    customMetadata: toCustomMetadata(variant.metadata),
  });
  return object === null ? null : { etag: object.etag };
}

/**
 * Puts the original's own picture as a variant: in place of a larger one of the same original, whose generation and job it keeps, or of a copy
 * of another original; where nothing is, only if it may be `isNew`.
 *
 * @returns the bytes of what stands there, or null when that is no picture of this original
 */
export async function putOriginal(
  bucket: Pick<R2Bucket, "head" | "put">,
  copy: { key: string; bytes: Uint8Array; format: Format; metadata: Omit<VariantMetadata, "job"> },
  isNew: boolean,
): Promise<number | null> {
  const { key, bytes, format, metadata } = copy;
  const object = await bucket.head(storeKey(key));
  const made = fromCustomMetadata(object?.customMetadata);
  const isOfIt = made !== null && made.sourceEtag === metadata.sourceEtag;
  if (object === null ? !isNew : !isOfIt && made?.job !== ORIGINAL_JOB) return null;
  if (object !== null && isOfIt && object.size <= bytes.byteLength) return object.size;
  const { gen, job } = isOfIt ? made : { gen: metadata.gen, job: ORIGINAL_JOB };
  const put = await bucket.put(storeKey(key), bytes, {
    onlyIf: object === null ? ifUnchanged(null) : ifNotPutAgain(object),
    httpMetadata: { contentType: FORMAT_ROWS[format].type, cacheControl: CACHE_CONTROL },
    customMetadata: toCustomMetadata({ ...metadata, gen, job }),
  });
  return put === null ? null : bytes.byteLength;
}

export async function deleteVariants(bucket: Pick<R2Bucket, "delete">, keys: readonly string[]): Promise<void> {
  await deleteObjects(bucket, keys.map(storeKey));
}

/** The variant keys that R2 holds of these images: one list per image, a few at a time. */
export async function storedKeys(ids: readonly string[], bucket: Pick<R2Bucket, "list">): Promise<Set<string>> {
  const found = new Set<string>();
  const waiting = [...new Set(ids)];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await listImage(id, bucket, found);
  };
  await Promise.all(Array.from({ length: MAX_CONNECTIONS }, work));
  return found;
}

async function listImage(id: string, bucket: Pick<R2Bucket, "list">, found: Set<string>): Promise<void> {
  const { objects } = await objectsAfter(bucket, { prefix: storeKey(imagePrefix(id)) }, { most: KEYS_MAX });
  for (const { key } of objects) found.add(key.slice(storeKey("").length));
}
