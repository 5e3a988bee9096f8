import type { JobKey } from "@prewarm/durable-queue";
import { encodedIdOfKey, keyOfJob, versionOfKey } from "@prewarm/shared/variant-key";
import type { Announced } from "./calls.ts";
import type { ImageTx } from "./image-tx.ts";

/*
 * The note of an image describes the version that an upload or a run announced last. Handlers learn that version with
 * their jobs, because a job of another version looks the same.
 */

/**
 * Notes the announced version of an image (`id`: encoded). An image without a row has no version, so an announcement of
 * none makes no row.
 */
export function noteAnnouncement(tx: ImageTx, id: string, v: string | null): void {
  const image = tx.images.get(id);
  const isRemembered = image.announced > 0;
  if (isRemembered ? image.version === v : v === null && image.ordering === null && image.etag === null) return;
  image.version = v;
  image.announced = tx.next();
}

/** The numbers of the last announcements, by the number of the job. Jobs of other versions have none. */
export function announcedOf(tx: ImageTx, jobs: readonly (JobKey & { id: number })[]): Record<number, number> {
  const numbers: Record<number, number> = {};
  for (const job of jobs) {
    const { version, announced } = tx.imageOf(job);
    if (announced > 0 && version === versionOfKey(keyOfJob(job))) numbers[job.id] = announced;
  }
  return numbers;
}

/** The announcements of the images of these variants, by the encoded ids of the images. */
export function announcementsOf(tx: ImageTx, keys: readonly string[]): Record<string, Announced> {
  const images = [...new Set(keys.map(encodedIdOfKey))].map((id) => tx.images.get(id));
  const known = images.filter(({ announced }) => announced > 0);
  return Object.fromEntries(known.map(({ id, version: v, announced: number }) => [id, { v, number }]));
}
