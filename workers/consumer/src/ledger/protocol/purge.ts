import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import {
  awaitSecondLook,
  awaitsFirstLook,
  deletePurge,
  duePurges,
  imageOfPurge,
  insertPurge,
  type Look,
  lookAgain,
  putOffPurge,
} from "../tables/purges.ts";
import { PURGE } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { deleteRow } from "./transitions.ts";

/** How long one run of a purge holds the image's lock; renewed by every slice. */
export const PURGE_LOCK_MS = 120_000;
/** A handler that began before the purge has ended by then, so it can put no object any more. */
const SECOND_LOOK_MS = HANDLER_WALL_MS + 60_000;
const BUSY_MS = 5_000;

/** `floor`: delete this image's objects of a lower generation (or none), then its markers, then call `purgeEnd`. */
export interface PurgeTask {
  purge: number;
  /** The image's id, decoded. */
  id: string;
  floor: number;
  /** The second look comes 16 minutes after the first has ended, for objects that a handler from before the purge may have put since. */
  look: Look;
}

/**
 * Begins a purge: locks the image and raises its floor, so that nothing older counts; rows nobody owns are deleted, the rest
 * are told to be when their handler next asks. It is run again by the alarm until its end is reported.
 */
export function purgeBegin(tx: Tx, id: string): PurgeTask {
  const encodedId = encodeId(id);
  const seq = tx.next();
  insertPurge(tx.sql, seq, encodedId, tx.now + PURGE_LOCK_MS);
  return lock(tx, encodedId, seq, "first");
}

/**
 * A handler died while its row was to be purged, perhaps after it had put the object. The image's purges look again at once.
 * They keep their floor, so what was ordered since stays.
 */
export function purgeAgain(tx: Tx, encodedId: string): void {
  lookAgain(tx.sql, encodedId, tx.now);
}

/** The purges to run now: broken off, or due for their second look while no handler holds a row of the image. */
export function purgesDue(tx: Tx, limit: number): PurgeTask[] {
  const tasks: PurgeTask[] = [];
  for (const { seq, encodedId, look } of duePurges(tx.sql, tx.now, limit)) {
    const busy = look === "second" && tx.rows.loadImage(encodedId).some((row) => row.owner !== null);
    putOffPurge(tx.sql, seq, tx.now + (busy ? BUSY_MS : PURGE_LOCK_MS));
    if (!busy) tasks.push(lock(tx, encodedId, seq, look));
  }
  return tasks;
}

/** Renews the lock between two slices; false when the purge is no more. */
export function purgeContinue(tx: Tx, purge: number): boolean {
  const encodedId = putOffPurge(tx.sql, purge, tx.now + PURGE_LOCK_MS);
  if (encodedId === null) return false;
  tx.images.get(encodedId).purgingUntil = tx.now + PURGE_LOCK_MS;
  return true;
}

/**
 * The objects and markers are gone: unlock. After the first look the second is arranged, after the second the purge is
 * deleted. An end that is reported twice, or for a look that was run anew meanwhile, changes nothing.
 */
export function purgeEnd(tx: Tx, { purge, look }: Pick<PurgeTask, "purge" | "look">): void {
  const encodedId = imageOfPurge(tx.sql, purge, look);
  if (encodedId === null) return;
  if (look === "second") deletePurge(tx.sql, purge);
  else awaitSecondLook(tx.sql, purge, tx.now + SECOND_LOOK_MS);
  unlockImage(tx, encodedId);
}

/** Unlocks, unless a purge has its first look still before it. */
export function unlockImage(tx: Tx, encodedId: string): void {
  if (!awaitsFirstLook(tx.sql, encodedId)) tx.images.get(encodedId).purgingUntil = 0;
}

function lock(tx: Tx, encodedId: string, seq: number, look: Look): PurgeTask {
  const image = tx.images.get(encodedId);
  image.purgingUntil = tx.now + PURGE_LOCK_MS;
  image.floor = Math.max(image.floor, seq);
  if (look === "first") clearRows(tx, encodedId, seq);
  return { purge: seq, id: decodeId(encodedId), floor: seq, look };
}

/** A row that was ordered after the purge stays. Its generation is then the higher number, because both come from one sequence. */
function clearRows(tx: Tx, encodedId: string, seq: number): void {
  for (const row of tx.rows.loadImage(encodedId)) {
    if (row.gen > seq) continue;
    if (row.owner === null) {
      deleteRow(tx, row);
    } else if (row.intent !== PURGE) {
      row.intent = PURGE;
      row.again = 0;
    }
  }
}
