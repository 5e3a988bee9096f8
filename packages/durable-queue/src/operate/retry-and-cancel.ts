import { cancelOpen, orderAgain, raise } from "../claims/transitions.ts";
import type { QueueTx } from "../schema/queue-tx.ts";
import { BULK, CANCELLING, isOpen, LIVE, type Row, UPLOAD, WAITING } from "../schema/row.ts";

/** The result for one job. `conflict`: the state of the job does not allow the action. */
export type JobResult = "ok" | "missing" | "conflict";

/**
 * Retries a dead, refused or cancelled job by hand. Attempts count from 0. The job leaves its run, which may be
 * cancelled, for `run` (a number; 0 is no run). A job that waits for its next retry is due now, and stays in its run.
 */
export function retryJob(tx: QueueTx, id: number, run = 0): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  if (isOpen(row)) return tryNow(tx, row, run);
  orderAgain(tx, row, { lane: row.lane, run });
  return "ok";
}

/** Ends the wait of a job. Its attempts stay. */
function tryNow(tx: QueueTx, row: Row, run: number): JobResult {
  const isWaiting = row.state === WAITING && row.attempts > 0 && row.due !== null && row.due > tx.now;
  if (!isWaiting || tx.memory.claims.byJob(row.id) !== null) return "conflict";
  row.due = tx.now;
  if (run !== 0 && tx.runs.subscribe(row, run)) tx.runs.move(run, null, tx.rows.countedBefore(row) ?? WAITING);
  return "ok";
}

/** Cancels an open job: at once, or when its handler reports an outcome. */
export function cancelJob(tx: QueueTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  return cancelOpen(tx, row) ? "ok" : "conflict";
}

/** Moves an open job one lane up: from bulk to upload, from upload to live. */
export function promoteJob(tx: QueueTx, id: number): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  if (!isOpen(row) || row.state === CANCELLING || row.lane === LIVE) return "conflict";
  raise(tx, row, row.lane === BULK ? UPLOAD : LIVE);
  return "ok";
}
