import type { Failure } from "@prewarm/shared/job";
import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { deadMs } from "@prewarm/shared/markers";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { Abandoned } from "../tables/abandoned.ts";
import { failedAttempt } from "../tables/attempts.ts";
import { type Entry, type Hand, isWritten, newEntry } from "../tables/hands.ts";
import { CANCELLED, CANCELLING, DEAD, isOpen, type LaneCode, REFUSED, type Row, WAITING } from "../tables/row.ts";
import { backoffMs } from "./backoff.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * The transitions of a row. Each function makes a whole transition, so that no caller can leave out half of it. The
 * functions change the row in memory; the transaction counts the changes and writes them at its commit.
 */

/**
 * Takes an entry out of its document. `ended`: its job has ended, or never existed; otherwise `abandoned` keeps its
 * slot.
 */
export function takeOut(tx: LedgerTx, { hand, entry }: { hand: Hand; entry: Entry }, ended: boolean): void {
  const { memory } = tx;
  memory.hands.take(hand, entry.id);
  if (entry.granted && !ended && !memory.isEnded(entry.gen)) abandon(tx, entry);
  memory.forget(entry.gen);
}

/** Keeps the slot of a generation that was given up and whose job may still run. */
export function abandon({ memory, sql, now }: LedgerTx, { gen, job, grantedAt }: Omit<Abandoned, "until">): void {
  memory.abandoned.put(sql, { gen, job, until: now + JOB_DEADLINE_MS, grantedAt });
}

/**
 * Takes an entry out unless a live handler depends on it. It does not if the entry is orphaned, or if its owner only
 * prepares the job: the owner cannot POST without another answer of the ledger. A written entry of a live handler
 * stays. It blocks its row until the handler reports an outcome or its lease ends.
 */
function release(tx: LedgerTx, row: Row, ended: boolean): void {
  const held = tx.memory.hands.holderOf(row.id);
  if (held !== null && (held.hand.over || !isWritten(held.entry))) takeOut(tx, held, ended);
}

/**
 * Starts a new generation: a new Ittybit job under a new idempotency key. The entry of the old generation is taken out,
 * or is stale from now on.
 */
export function newGeneration(tx: LedgerTx, row: Row, ended = false): void {
  release(tx, row, ended);
  row.gen = tx.next();
  row.unclear = 0;
}

/**
 * Takes out a stale entry, which blocked its row. A row that was to be cancelled is cancelled now; other rows may be
 * handed out.
 */
export function dropStale(tx: LedgerTx, held: { hand: Hand; entry: Entry }, row: Row | null, ended: boolean): void {
  takeOut(tx, held, ended);
  if (row?.state === CANCELLING) cancelRow(tx, row);
  else if (row?.state === WAITING) backToWaiting(tx, row);
}

/** Orders the row again from the beginning, due now: after a force, a retry, or a new order of an ended row. */
export function orderAnew(tx: LedgerTx, row: Row): void {
  newGeneration(tx, row);
  row.state = WAITING;
  row.due = tx.now;
  row.attempts = 0;
  row.crashes = 0;
  row.error = null;
  row.deadUntil = 0;
  row.created = tx.afterCancels(tx.now);
}

/** Raises a row to a higher lane, also while a handler holds it. A lower lane changes nothing. */
export function raise(tx: LedgerTx, row: Row, lane: LaneCode): void {
  if (lane >= row.lane) return;
  row.lane = lane;
  row.due ??= tx.now;
  const held = tx.memory.hands.holderOf(row.id);
  if (held === null) return;
  held.entry.lane = lane;
  if (held.entry.granted) tx.memory.hands.touch(held.hand);
}

/**
 * A new entry for a row. A generation from before a restore may have been used since, so the row gets a new one first.
 */
export function entryOf(tx: LedgerTx, row: Row): Entry {
  if (row.gen < tx.memory.meta.restored) newGeneration(tx, row);
  return newEntry(row);
}

export function cancelRow(tx: LedgerTx, row: Row): void {
  newGeneration(tx, row);
  row.state = CANCELLED;
  row.due = null;
  tx.count("cancelled");
}

/**
 * Cancels an open row. If a live handler holds the row, the cancel waits for the handler's outcome: a handler that
 * prepares a job may be putting a copy of a variant with the same picture. False: the row is not open.
 */
export function cancelOpen(tx: LedgerTx, row: Row): boolean {
  if (!isOpen(row)) return false;
  const held = tx.memory.hands.holderOf(row.id);
  if (held === null || held.hand.over) cancelRow(tx, row);
  else {
    row.state = CANCELLING;
    tx.memory.hands.keep(held);
  }
  return true;
}

/** Makes the row a dead letter. A view may order it again after `deadUntil`. */
export function die(tx: LedgerTx, row: Row, permanent: boolean): void {
  newGeneration(tx, row);
  row.state = DEAD;
  row.due = null;
  row.deadUntil = tx.now + deadMs(permanent);
  tx.count("dead");
}

/** Refuses a row whose original cannot be used. This is neither an attempt nor a dead letter. */
export function refuse(tx: LedgerTx, row: Row, why: { code: string; message: string; until: number }): void {
  row.state = REFUSED;
  row.due = null;
  row.deadUntil = why.until;
  row.error = JSON.stringify({ code: why.code, message: why.message });
  tx.count("refused");
}

/** Counts a failed attempt. True: the row is dead now. The caller takes the entry out of its document before. */
export function fail(
  tx: LedgerTx,
  row: Row,
  { entry, failure, permanent }: { entry: Entry | null; failure: Failure; permanent: boolean },
): boolean {
  tx.addAttempt(failedAttempt(row, failure, { now: tx.now, entry }));
  tx.count("failed");
  if (permanent || row.attempts >= tx.config.limits.maxAttempts) {
    die(tx, row, permanent);
    return true;
  }
  row.state = WAITING;
  row.due = tx.now + backoffMs(row.attempts, tx.random());
  return false;
}

/** Deletes a row. Its entry is taken out, or is stale from now on. `as`: the state that its runs count. */
export function deleteRow(tx: LedgerTx, row: Row, as: Parameters<LedgerTx["rows"]["delete"]>[1]): void {
  release(tx, row, false);
  tx.rows.delete(row, as);
}

/** Makes the row wait as before it was held. */
export function backToWaiting(tx: LedgerTx, row: Row): void {
  if (row.due === null) tx.memory.fresh.giveBack(row.id);
}

/** The lowest generation whose object counts: the floor of the row or of its image. */
export function floorOf(tx: LedgerTx, row: Row): number {
  return Math.max(row.floor, tx.images.get(encodedIdOfKey(row.key)).floor);
}

/** Whether a purge or the doctor deletes objects of the image. No row of a locked image is handed out. */
export function isLocked(tx: LedgerTx, row: Row): boolean {
  return tx.images.get(encodedIdOfKey(row.key)).lock > tx.now;
}

/** Whether the row of the entry has moved on or was deleted. */
export function isStale(row: Row | null, entry: Entry): boolean {
  return row === null || row.gen !== entry.gen;
}
