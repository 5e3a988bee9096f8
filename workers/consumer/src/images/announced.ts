import type { JobKey } from "@prewarm/durable-queue";
import { encodedIdOfKey, keyOfJob, versionOfKey } from "@prewarm/shared/variant-key";
import type { Announced } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";

/*
 * What is known of an image (its note, in R2) speaks of the version that an upload or a run announced last. Handlers learn it
 * with their jobs, because a view of another version looks like any other job.
 */

/**
 * Notes which version of an image (`id`: encoded) was announced. An image of which nothing is remembered has none, and stays without a row when
 * none is announced.
 */
export function noteAnnouncement(tx: ImageTx, id: string, v: string | null): void {
  const image = tx.images.get(id);
  const isRemembered = image.announced > 0;
  if (isRemembered ? image.version === v : v === null && image.ordering === null && image.etag === null) return;
  image.version = v;
  image.announced = tx.next();
}

/** The numbers of announcements, by the job's number: of jobs of the version that was announced last. */
export function announcedOf(tx: ImageTx, jobs: readonly (JobKey & { id: number })[]): Record<number, number> {
  const numbers: Record<number, number> = {};
  for (const job of jobs) {
    const { version, announced } = tx.imageOf(job);
    if (announced > 0 && version === versionOfKey(keyOfJob(job))) numbers[job.id] = announced;
  }
  return numbers;
}

/** What is remembered of announcements of the images of these variants, by the images' encoded ids. */
export function announcementsOf(tx: ImageTx, keys: readonly string[]): Record<string, Announced> {
  const images = [...new Set(keys.map(encodedIdOfKey))].map((id) => tx.images.get(id));
  const known = images.filter(({ announced }) => announced > 0);
  return Object.fromEntries(known.map(({ id, version: v, announced: number }) => [id, { v, number }]));
}
