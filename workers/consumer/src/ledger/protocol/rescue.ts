import { LEASE_GRACE_MS } from "@prewarm/shared/limits";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { failedAttempt } from "../tables/attempts.ts";
import type { Lease } from "../tables/leases.ts";
import { CANCEL, NO_INTENT, PURGE, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { purgeAgain } from "./purge.ts";
import { applyIntent, cancelRow, die, isStored, release, restingState } from "./transitions.ts";

/** Crashes a row may cause by itself. */
const LONE_CRASHES = 3;

/**
 * Takes back the rows of a lease that is over. Rows with an intent wait 30 s longer, because their owner may still put the object
 * that is to be cancelled or purged. `blame` is false when the whole process died (a local restart): then no row is suspected.
 */
export function rescueLease(tx: Tx, lease: Lease, blame = true): void {
  const graceOver = !blame || tx.now >= lease.until + LEASE_GRACE_MS;
  const rows = tx.rows.loadSeqs([...lease.seqs]).filter((row) => row.owner === lease.owner);
  const present = new Set(rows.map((row) => row.seq));
  for (const seq of lease.seqs) if (!present.has(seq)) lease.seqs.delete(seq);
  const over = rows.filter((row) => graceOver || row.intent === NO_INTENT);
  const suspect = rows.find((row) => row.crashes > 0);
  for (const row of over) {
    if (blame) accuse(row, suspect === undefined ? rows.length === 1 : suspect === row);
    rescueRow(tx, row);
  }
}

/**
 * `crashes` is 1 after a crash that another row may have caused: the row is a suspect, and no two suspects run in one claim. Each
 * crash that only this row can have caused adds one.
 */
function accuse(row: Row, alone: boolean): void {
  row.crashes = alone ? Math.max(row.crashes, 1) + 1 : Math.max(row.crashes, 1);
}

/** Gives a row back that its owner left behind, as its intent wants it. */
export function rescueRow(tx: Tx, row: Row): void {
  release(tx, row);
  const { intent } = row;
  // The owner may have died between its put and its answer: the purge looks again, for that object too.
  if (intent === PURGE) purgeAgain(tx, encodedIdOfKey(row.key));
  if (applyIntent(tx, row, "kept")) return;
  if (intent === CANCEL) {
    cancelRow(tx, row);
    return;
  }
  row.due = tx.now;
  if (isStored(row)) return;
  if (row.crashes > LONE_CRASHES) {
    const message = `${LONE_CRASHES} handlers died at work on this job.`;
    tx.addAttempt(failedAttempt(row, { code: "crashed", message }, tx.now));
    die(tx, row, false);
    return;
  }
  row.state = restingState(row);
}
