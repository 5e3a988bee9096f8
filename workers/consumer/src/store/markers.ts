import { backoff } from "@prewarm/shared/backoff";
import { DAY_MS } from "@prewarm/shared/clock";
import type { DeadMarker } from "@prewarm/shared/markers";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { Semaphore } from "../platform/semaphore.ts";
import { findNames, LIST_FROM } from "./find-keys.ts";
import { listingThrough } from "./list-pages.ts";
import { deleteObjects } from "./sweep-image.ts";

const MISSING_FIRST_MS = 60_000;
const MISSING_LONGEST_MS = 3_600_000;

async function putMarker(
  bucket: Pick<R2Bucket, "put">,
  name: string,
  marker: DeadMarker,
  times: number,
): Promise<void> {
  await bucket.put(name, JSON.stringify(marker), {
    httpMetadata: { contentType: "application/json" },
    customMetadata: { times: String(times) },
  });
}

/** Tells the edge that this variant will not be made, until `marker.until`. Written before the dead settle. */
export async function markDead(bucket: Pick<R2Bucket, "put">, key: string, marker: DeadMarker): Promise<void> {
  await putMarker(bucket, deadKey(key), marker, 1);
}

/**
 * Tells the edge that an original is missing: for 60 s, doubling with each time it is still missing, up to an hour.
 * @returns when it should be looked for again, Unix ms
 */
export async function markMissing(bucket: Pick<R2Bucket, "head" | "put">, id: string, now: number): Promise<number> {
  const before = await bucket.head(missingKey(id));
  const times = Math.min(20, Math.max(0, Number(before?.customMetadata?.times ?? 0) || 0)) + 1;
  const until = now + backoff(times, { first: MISSING_FIRST_MS, longest: MISSING_LONGEST_MS });
  await putMarker(bucket, missingKey(id), { code: "missing", until }, times);
  return until;
}

/** Tells the edge that no variant of this image can be made, since its original cannot be used: one marker for all of them. */
export async function markRefused(bucket: Pick<R2Bucket, "put">, id: string, marker: DeadMarker): Promise<void> {
  await putMarker(bucket, missingKey(id), marker, 0);
}

/** Tells the edge that viewers may order nothing more of this image until the day (UTC) ends. */
export async function markCapped(bucket: Pick<R2Bucket, "put">, id: string, now: number): Promise<void> {
  const until = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  await putMarker(bucket, missingKey(id), { code: "capped", until }, 0);
}

/**
 * Deletes those of these markers that are there. Few are looked for by a head each, more by lists, because R2's list of prices does not say what
 * a delete of several names costs.
 */
export async function clearOldMarkers(
  { images, connections }: { images: Pick<R2Bucket, "head" | "list" | "delete">; connections: Pick<Semaphore, "run"> },
  names: readonly string[],
): Promise<void> {
  const isThere = async (name: string) => (await connections.run(() => images.head(name))) !== null;
  const find = async () => {
    if (names.length >= LIST_FROM)
      return [...(await findNames(listingThrough(images, connections), deadKey(""), names))];
    const are = await Promise.all(names.map(isThere));
    return names.filter((_, n) => are[n]);
  };
  const found = await find();
  if (found.length > 0) await connections.run(() => deleteObjects(images, found));
}

/** Deletes the dead markers of these variants and the missing markers of these images. */
export async function clearMarkers(
  bucket: Pick<R2Bucket, "delete">,
  keys: readonly string[],
  ids: readonly string[],
): Promise<void> {
  await deleteObjects(bucket, [...new Set([...keys.map(deadKey), ...ids.map(missingKey)])]);
}
