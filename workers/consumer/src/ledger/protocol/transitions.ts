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
 * The moves a row can make. Each function makes a whole move, so that no caller can leave out half of it. They change the row in
 * memory; the transaction counts the changes and writes them at its commit.
 */

/** Takes an entry out of a document. `ended`: its job runs no more, or there never was one; else its slot stands in `abandoned`. */
export function takeOut(tx: LedgerTx, { hand, entry }: { hand: Hand; entry: Entry }, ended: boolean): void {
  const { memory } = tx;
  memory.hands.take(hand, entry.id);
  if (entry.granted && !ended && !memory.isEnded(entry.gen)) abandon(tx, entry);
  memory.forget(entry.gen);
}

/** A generation given up whose job may still run has a slot. */
export function abandon({ memory, sql, now }: LedgerTx, { gen, job, grantedAt }: Omit<Abandoned, "until">): void {
  memory.abandoned.put(sql, { gen, job, until: now + JOB_DEADLINE_MS, grantedAt });
}

/**
 * Takes an entry out that binds nobody: it is in no live hand, or its owner has only looked at it and cannot POST it without another word
 * of the ledger's. One that is written down and in a live hand stays, and blocks its row until its owner has said something or its lease
 * has ended.
 */
function release(tx: LedgerTx, row: Row, ended: boolean): void {
  const held = tx.memory.hands.holderOf(row.id);
  if (held !== null && (held.hand.over || !isWritten(held.entry))) takeOut(tx, held, ended);
}

/** A new generation: a new Ittybit job under a new idempotency key. An entry of the old one is released, or stale from now on. */
export function newGeneration(tx: LedgerTx, row: Row, ended = false): void {
  release(tx, row, ended);
  row.gen = tx.next();
  row.unclear = 0;
}

/** Takes out an entry whose row has gone on, which blocked the row: what was to be cancelled is, and the rest may be handed out. */
export function dropStale(tx: LedgerTx, held: { hand: Hand; entry: Entry }, row: Row | null, ended: boolean): void {
  takeOut(tx, held, ended);
  if (row?.state === CANCELLING) cancelRow(tx, row);
  else if (row?.state === WAITING) backToWaiting(tx, row);
}

/** Waits again from the beginning, due now: after a force, a retry, an order of what had ended. */
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

/** A higher lane has joined: it goes when that lane is open, also what is in hands. A lower one changes nothing. */
export function raise(tx: LedgerTx, row: Row, lane: LaneCode): void {
  if (lane >= row.lane) return;
  row.lane = lane;
  row.due ??= tx.now;
  const held = tx.memory.hands.holderOf(row.id);
  if (held === null) return;
  held.entry.lane = lane;
  if (held.entry.granted) tx.memory.hands.touch(held.hand);
}

/** What a row is held by. A number from before a restore may have been used since: it is replaced first. */
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
 * Cancels what is open: at once when nobody is at it, else when its owner has said something: who merely looks may be putting a copy of
 * what has the same picture. False when there is nothing to cancel.
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

/** Ends as a dead letter. A view may order it anew once `deadUntil` is past. */
export function die(tx: LedgerTx, row: Row, permanent: boolean): void {
  newGeneration(tx, row);
  row.state = DEAD;
  row.due = null;
  row.deadUntil = tx.now + deadMs(permanent);
  tx.count("dead");
}

/** Ends because nothing can be made of the original: a state of its own, no attempt and no dead letter. */
export function refuse(tx: LedgerTx, row: Row, why: { code: string; message: string; until: number }): void {
  row.state = REFUSED;
  row.due = null;
  row.deadUntil = why.until;
  row.error = JSON.stringify({ code: why.code, message: why.message });
  tx.count("refused");
}

/** Counts a failed attempt: true when the row is dead by it. Its entry should be out of its document before. */
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

/** Deletes a row. Its entry is released, or stale from now on. `as`: how its runs count it. */
export function deleteRow(tx: LedgerTx, row: Row, as: Parameters<LedgerTx["rows"]["delete"]>[1]): void {
  release(tx, row, false);
  tx.rows.delete(row, as);
}

/** The row waits as it did before somebody held it. */
export function backToWaiting(tx: LedgerTx, row: Row): void {
  if (row.due === null) tx.memory.fresh.giveBack(row.id);
}

/** The generation an object must have to count: the row's floor, or its image's. */
export function floorOf(tx: LedgerTx, row: Row): number {
  return Math.max(row.floor, tx.images.get(encodedIdOfKey(row.key)).floor);
}

/** A purge or the doctor deletes objects of its image: nothing of it is handed out. */
export function isLocked(tx: LedgerTx, row: Row): boolean {
  return tx.images.get(encodedIdOfKey(row.key)).lock > tx.now;
}

/** An entry whose row has gone on, or is gone. */
export function isStale(row: Row | null, entry: Entry): boolean {
  return row === null || row.gen !== entry.gen;
}
