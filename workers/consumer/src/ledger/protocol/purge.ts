import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import { rangeOfImage } from "../tables/job-ids.ts";
import {
  deletePurge,
  duePurges,
  findPurge,
  insertPurge,
  type Purge,
  purgesOf,
  unfinishedPurges,
  updatePurge,
} from "../tables/purges.ts";
import { CANCELLED, isOpen } from "../tables/row.ts";
import { isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { deleteRow } from "./transitions.ts";

/** How long one look of a purge locks the image. Every slice renews the lock. */
export const PURGE_LOCK_MS = 120_000;
/** Every handler that began before the purge has ended by then, so it can put no object any more. */
const SECOND_LOOK_MS = HANDLER_WALL_MS + 60_000;
const BUSY_MS = 5_000;
/** Due purges that are checked in one call. */
const DUE_AT_ONCE = 10;

/**
 * A look of a purge: delete the image's objects with a generation below `floor`, or without one; then its markers; then
 * call `purgeEnd`.
 */
export interface PurgeTask {
  purge: number;
  /** The image's id, decoded. */
  id: string;
  floor: number;
  /**
   * The second look comes 16 minutes after the end of the first. It deletes objects that handlers from before the purge
   * have put since.
   */
  look: 1 | 2;
}

/**
 * Begins a purge: locks the image, raises its floor, so that no older object counts, and deletes its rows. Claims of
 * live owners are stale from now on. The alarm repeats the look until its end is reported.
 */
export function purgeBegin(tx: LedgerTx, id: string): PurgeTask {
  const purge: Purge = { seq: tx.next(), id: encodeId(id), look: 1, at: tx.now + PURGE_LOCK_MS, last: 0, more: 0 };
  impose(tx, purge);
  return taskOf(purge);
}

/** Continues a purge that was unfinished when an older copy was restored. The copy may be older than the purge. */
export function purgeGoesOn(tx: LedgerTx, purge: Purge): void {
  if (findPurge(tx.sql, purge.seq) === null) impose(tx, purge);
}

function impose(tx: LedgerTx, purge: Purge): void {
  const { id, seq } = purge;
  const image = tx.images.get(id);
  image.floor = Math.max(image.floor, seq);
  image.purged = Math.max(image.purged, seq);
  for (const row of tx.rows.loadImage(id)) {
    if (row.gen >= seq) continue;
    tx.memory.stored.forget(row.key);
    deleteRow(tx, row, isOpen(row) ? CANCELLED : null);
  }
  insertPurge(tx.sql, purge);
  lock(tx, purge);
}

/**
 * Lets a purge look again, because an object below its floor was stored. `id`, `gen`: of the job that made the object.
 */
export function purgeAgain(tx: LedgerTx, id: number, gen: number): void {
  for (const purge of unfinishedPurges(tx.sql)) {
    const { from, to } = rangeOfImage(purge.id, tx.ledgerId);
    if (gen >= purge.seq || id < from || id >= to) continue;
    if (purge.look === 2) updatePurge(tx.sql, { ...purge, at: tx.now });
    else updatePurge(tx.sql, { ...purge, more: 1 });
  }
}

/**
 * The next look. No other caller gets it while the lock holds. Every look except the very first waits, with the lock
 * on, until no live handler holds newer work of the image.
 */
export function purgeDue(tx: LedgerTx): PurgeTask | null {
  for (const purge of duePurges(tx.sql, tx.now, DUE_AT_ONCE)) {
    const busy = isHeld(tx, purge);
    updatePurge(tx.sql, { ...purge, at: tx.now + (busy ? BUSY_MS : PURGE_LOCK_MS) });
    lock(tx, purge);
    if (!busy) return taskOf(purge);
  }
  return null;
}

function isHeld(tx: LedgerTx, { id, look, seq }: Purge): boolean {
  const { from, to } = rangeOfImage(id, tx.ledgerId);
  return tx.memory.claims.held().some((claim) => {
    if (claim.owner === null || !isLive(claim.owner, tx.now)) return false;
    return claim.id >= from && claim.id < to && (look === 2 || claim.gen > seq);
  });
}

/** Renews the lock between two slices. False: the purge does not exist any more. */
export function purgeContinue(tx: LedgerTx, seq: number): boolean {
  const purge = findPurge(tx.sql, seq);
  if (purge === null) return false;
  updatePurge(tx.sql, { ...purge, at: tx.now + PURGE_LOCK_MS });
  lock(tx, purge);
  return true;
}

/**
 * Ends a look: the objects and markers are deleted. Unlocks the image. After the first look the second is scheduled;
 * after the last the purge is deleted. A repeated report, and a report of a look that was repeated meanwhile, change
 * nothing.
 */
export function purgeEnd(tx: LedgerTx, { purge: seq, look }: Pick<PurgeTask, "purge" | "look">): void {
  const purge = findPurge(tx.sql, seq);
  if (purge === null || purge.look !== look) return;
  const last = look === 1 ? tx.now + SECOND_LOOK_MS : purge.last;
  const next: Purge = { ...purge, look: 2, last, at: purge.more === 1 ? tx.now : last, more: 0 };
  if (look === 2 && purge.more === 0 && tx.now >= last) deletePurge(tx.sql, seq);
  else updatePurge(tx.sql, next);
  unlockImage(tx, purge.id);
}

/**
 * Unlocks the image unless a purge of it has its first look ahead or may be looking now. The end of that look unlocks.
 */
export function unlockImage(tx: LedgerTx, encodedId: string): void {
  const isLooking = ({ look, at }: Purge) => look === 1 || at <= tx.now + PURGE_LOCK_MS;
  if (!purgesOf(tx.sql, encodedId).some(isLooking)) tx.images.get(encodedId).lock = 0;
}

function lock(tx: LedgerTx, { id }: Purge): void {
  tx.images.get(id).lock = tx.now + PURGE_LOCK_MS;
}

function taskOf({ seq, id, look }: Purge): PurgeTask {
  return { purge: seq, id: decodeId(id), floor: seq, look };
}
