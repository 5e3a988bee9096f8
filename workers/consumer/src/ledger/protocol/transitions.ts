import type { Failure } from "@prewarm/shared/job";
import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { deadMs } from "@prewarm/shared/markers";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { failedAttempt } from "../tables/attempts.ts";
import {
  CANCEL,
  CANCELLED,
  DEAD,
  isOpen,
  NO_INTENT,
  NOT_GRANTED,
  PROCESSING,
  PURGE,
  QUEUED,
  RETRYING,
  type Row,
  STORED,
} from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { backoffMs } from "./backoff.ts";

/*
 * The moves a row can make. Each function makes a whole move, so that no caller can leave out half of it. They change the row in
 * memory; the transaction counts the changes and writes them at its commit.
 */

/** Of the old generation's slot: free when its job is known to run no more, kept until the job deadline when it may still run. */
export type Slot = "free" | "kept";

/** A new generation: a new Ittybit job under a new idempotency key. A slot that the old one keeps stands in `abandoned`. */
export function newGeneration(tx: Tx, row: Row, slot: Slot = "kept"): void {
  if (row.granted !== NOT_GRANTED && slot === "kept") tx.abandon(row.gen, row.ittybitJob, tx.now + JOB_DEADLINE_MS);
  row.gen = tx.next();
  row.granted = NOT_GRANTED;
  row.grantedAt = 0;
  row.ittybitJob = null;
  row.submittedAt = 0;
  row.input = null;
  row.unclear = 0;
}

/** Waits again from the beginning, due now: after a force, a new original, a retry, a missing object. */
export function orderAnew(tx: Tx, row: Row, slot: Slot = "kept"): void {
  newGeneration(tx, row, slot);
  row.state = QUEUED;
  row.due = tx.now;
  row.hold = 0;
  row.sends = 0;
  row.attempts = 0;
  row.crashes = 0;
  row.error = null;
  row.deadUntil = 0;
  row.created = tx.now;
}

/** Nobody owns it, no message is believed under way. */
export function release(tx: Tx, row: Row): void {
  if (row.owner !== null) tx.leases.release(row.owner, row.seq);
  row.owner = null;
  row.hold = 0;
  row.sends = 0;
}

export function cancelRow(tx: Tx, row: Row, slot: Slot = "kept"): void {
  release(tx, row);
  newGeneration(tx, row, slot);
  row.state = CANCELLED;
  row.intent = NO_INTENT;
  row.again = 0;
  tx.counters.count("cancelled");
}

/** Ends as a dead letter. A view may order it anew once `deadUntil` is past. */
export function die(tx: Tx, row: Row, permanent: boolean, slot: Slot = "kept"): void {
  newGeneration(tx, row, slot);
  row.state = DEAD;
  row.deadUntil = tx.now + deadMs(permanent);
  tx.counters.count("dead");
}

/** Takes a failed attempt: dead when permanent or when there were too many, else retrying after a random wait. */
export function fail(
  tx: Tx,
  row: Row,
  failure: Failure,
  how: { permanent: boolean; slot: Slot; sameGen?: boolean },
): void {
  tx.addAttempt(failedAttempt(row, failure, tx.now));
  tx.counters.count("failed");
  if (how.permanent || row.attempts >= tx.config.limits.maxAttempts) {
    die(tx, row, how.permanent, how.slot);
    return;
  }
  if (how.sameGen !== true) newGeneration(tx, row, how.slot);
  row.state = RETRYING;
  row.due = tx.now + backoffMs(row.attempts, tx.random());
}

/** Deletes the row. A slot that it keeps stands in `abandoned`. */
export function deleteRow(tx: Tx, row: Row, slot: Slot = "kept"): void {
  release(tx, row);
  if (row.granted !== NOT_GRANTED && slot === "kept") tx.abandon(row.gen, row.ittybitJob, tx.now + JOB_DEADLINE_MS);
  tx.rows.delete(row);
}

/**
 * What an intent or `again` asks for, once the row is nobody's: true when that decided the row.
 * Purge wins over all; an order given after the purge (`again` beside it) survives as a new one.
 */
export function applyIntent(tx: Tx, row: Row, slot: Slot): boolean {
  const { intent, again } = row;
  row.intent = NO_INTENT;
  row.again = 0;
  if (intent === PURGE) {
    if (again === 1) orderAnew(tx, row, slot);
    else deleteRow(tx, row, slot);
    return true;
  }
  if (again === 0) return false;
  // The handler worked on an order that a later one has replaced: even what it stored is not what was asked for last.
  if (intent === CANCEL) cancelRow(tx, row, slot);
  else orderAnew(tx, row, slot);
  return true;
}

/** Cancels what is open: at once when nobody owns it, else when its handler next asks. False when there is nothing to cancel. */
export function cancelOpen(tx: Tx, row: Row): boolean {
  if (!isOpen(row)) {
    const wasToBeMadeAnew = row.again === 1 && row.intent !== PURGE;
    // Its floor has risen: once its handler gives it back it is cancelled, for what is stored counts no more.
    if (wasToBeMadeAnew) row.intent = CANCEL;
    return wasToBeMadeAnew;
  }
  if (row.owner === null) cancelRow(tx, row);
  else if (row.intent !== PURGE) row.intent = CANCEL;
  return true;
}

/** State of an open row that a handler gave back: it still processes when Ittybit has its job. */
export function restingState(row: Row): typeof QUEUED | typeof PROCESSING {
  return row.ittybitJob === null ? QUEUED : PROCESSING;
}

/** The generation an object must have to count: the row's floor, or its image's. */
export function floorOf(tx: Tx, row: Row): number {
  return Math.max(row.floor, tx.images.get(encodedIdOfKey(row.key)).floor);
}

export function isStored(row: Row): boolean {
  return row.state === STORED;
}
