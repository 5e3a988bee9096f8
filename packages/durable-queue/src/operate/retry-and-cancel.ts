import { askOrigin } from "../admission/origins.ts";
import { cancelOpen, orderAgain } from "../claims/transitions.ts";
import { lastLane } from "../tables/lanes.ts";
import { isOpen, type Row, URGENT, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** The result for one job. `conflict`: the state of the job does not allow the action. */
export type JobResult = "ok" | "missing" | "conflict";

/**
 * Retries a dead, refused or cancelled job by hand. Attempts count from 0. The job leaves its run, which may be
 * cancelled, for `run` (a number; 0 is no run). A job that waits for its next retry is due now, and stays in its run.
 * If its origin is left alone, that ends too.
 */
export function retryJob(tx: QueueTx, id: number, run = 0): JobResult {
  const row = tx.rows.byId(id);
  if (row === null) return "missing";
  askOrigin(tx, row.group);
  if (isOpen(row)) return tryNow(tx, row, run);
  // The person who waited for it has left, so the next lane pays for it.
  const lane = row.lane === URGENT ? Math.min(URGENT + 1, lastLane(tx.lanes)) : row.lane;
  orderAgain(tx, row, { lane, run });
  return "ok";
}

/** Ends the wait of a job. Its attempts stay. */
function tryNow(tx: QueueTx, row: Row, run: number): JobResult {
  const isWaiting = row.state === WAITING && row.attempts > 0 && (row.due ?? 0) > tx.now;
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

/**
 * Lets a run go before the other runs of its lane, or take turns with them again. No job changes its lane, because the
 * lane says who asked, and its share of the budget pays. `same`: that is so already.
 */
export function promoteRun(tx: QueueTx, id: string, isFirst: boolean): "changed" | "same" | "over" | "missing" {
  const run = tx.runs.byId(id);
  if (run === null) return "missing";
  if (run.first > 0 === isFirst) return "same";
  const isOver = run.cancelledAt > 0 || (run.open === 0 && run.accepting === 0);
  if (isFirst && isOver) return "over";
  tx.runs.setFirst(run, isFirst ? tx.now : 0);
  return "changed";
}
