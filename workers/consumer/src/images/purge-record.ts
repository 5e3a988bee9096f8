import type { Sql } from "@prewarm/durable-queue";
import { GONE_WITHIN_MS } from "@prewarm/shared/limits";
import { toldAt } from "./tables/changes.ts";
import type { Image, Images } from "./tables/images.ts";

/** The progress of a purge. Times are Unix ms. */
export interface PurgeRecord {
  seq: number;
  /** The image's id, encoded. */
  image: string;
  orderedAt: number;
  /** When the first pass had deleted every older object. Null: it has not. */
  deletedAt: number | null;
  /** When the second pass had. Null: it has not. */
  doneAt: number | null;
}

/** The record of the last purge of an image. Null: none is remembered. */
export function lastPurge(image: Image): PurgeRecord | null {
  const { id, purged: seq, purgeOrdered: orderedAt, purgeDeleted: deletedAt, purgeDone: doneAt } = image;
  return orderedAt === null ? null : { seq, image: id, orderedAt, deletedAt, doneAt };
}

/**
 * Until when a data centre may answer with a copy from before a purge, Unix ms. Null: the edges have not been told yet.
 */
export function edgeUntil(sql: Sql, { image, orderedAt }: PurgeRecord): number | null {
  const told = toldAt(sql, image);
  if (told === null) return null;
  // The edges know a forgotten change since long ago.
  return (told ?? orderedAt) + GONE_WITHIN_MS;
}

export function notePurge(image: Image, now: number): void {
  Object.assign(image, { purgeOrdered: now, purgeDeleted: null, purgeDone: null });
}

/** Notes the end of a pass, unless the image has a later purge. */
export function notePass(
  images: Images,
  { seq, image: id, pass }: { seq: number; image: string; pass: 1 | 2 },
  now: number,
): void {
  const image = images.get(id);
  if (image.purged !== seq || image.purgeOrdered === null) return;
  if (pass === 1) image.purgeDeleted ??= now;
  else image.purgeDone = now;
}
