import { BULK, CANCELLING, isOpen, LIVE, type Row, UPLOAD, WAITING } from "../tables/row.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { cancelOpen, orderAnew, raise } from "./transitions.ts";

/** What became of a job: `conflict` when its state does not allow the act. */
export type JobResult = "ok" | "missing" | "conflict";

/**
 * Tries a dead, refused or cancelled job again, by hand: attempts count from 0, and it leaves its run, which may be cancelled, for the run
 * that it is tried again in (a number; 0 is none). One that waits for its next retry is due now, and stays in its run.
 */
export function retryJob(tx: LedgerTx, id: number, run = 0): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  if (isOpen(row)) return tryNow(tx, row, run);
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.run = run;
  return "ok";
}

/** Its wait is over; its attempts stay. */
function tryNow(tx: LedgerTx, row: Row, run: number): JobResult {
  const held = tx.memory.hands.holderOf(row.id);
  const waits = row.state === WAITING && row.attempts > 0 && row.due !== null && row.due > tx.now && held === null;
  if (!waits) return "conflict";
  row.due = tx.now;
  if (run !== 0 && tx.runs.join(row, run)) tx.shift(run, null, tx.rows.countedBefore(row) ?? WAITING);
  return "ok";
}

/** Cancels an open job: at once, or when its owner has said something. */
export function cancelJob(tx: LedgerTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  return cancelOpen(tx, row) ? "ok" : "conflict";
}

/** Lets an open job go before others: one of bulk with the uploads, one of those as a viewer's. */
export function promoteJob(tx: LedgerTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  if (!isOpen(row) || row.state === CANCELLING || row.lane === LIVE) return "conflict";
  raise(tx, row, row.lane === BULK ? UPLOAD : LIVE);
  return "ok";
}
