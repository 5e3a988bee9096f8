import { askOrigin } from "../admission/origins.ts";
import { cancelOpen, orderAgain } from "../claims/transitions.ts";
import { lastLane } from "../tables/lanes.ts";
import { CANCELLED, countedAs, isOpen, type Row, URGENT, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { nextCancelling, type Run } from "../tx/runs.ts";

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

/** Rows per transaction. */
const SLICE_ROWS = 2_000;

/**
 * Cancels a run. Its rows are cancelled in slices, and each row at the latest when it would be handed out. False: the
 * run does not exist.
 */
export function cancelRun(tx: QueueTx, id: string): boolean {
  const run = tx.runs.byId(id);
  if (run === null) return false;
  if (run.cancelledAt > 0) return true;
  run.cancelledAt = tx.now;
  run.cancelCursor = 1;
  cancelSlice(tx, run);
  return true;
}

/** Continues the cancels of runs. True: more rows remain. */
export function cancelSlices(tx: QueueTx): boolean {
  const run = tx.runs.byNumber(nextCancelling(tx.sql) ?? 0);
  if (run === null) return false;
  cancelSlice(tx, run);
  return true;
}

/** Walks all jobs once: the run may have joined a job that another run asked for first. */
function cancelSlice(tx: QueueTx, run: Run): void {
  const { rows, to } = tx.rows.loadAbove(run.cancelCursor - 1, SLICE_ROWS);
  for (const row of rows) if (isOpen(row) && tx.runs.subscribersOf(row).includes(run.n)) withdraw(tx, run, row);
  run.cancelCursor = to === Number.MAX_SAFE_INTEGER ? 0 : to + 1;
}

/** Removes the run from the row's subscribers. A row without subscribers is cancelled. */
function withdraw(tx: QueueTx, run: Run, row: Row): void {
  const others = tx.runs
    .subscribersOf(row)
    .filter((n) => n !== run.n && (n === 0 || tx.runs.byNumber(n)?.cancelledAt === 0));
  const next = others[0];
  if (next === undefined && row.lane !== URGENT) {
    cancelOpen(tx, row);
    return;
  }
  tx.runs.move(run.n, countedAs(row), CANCELLED);
  tx.runs.unjoin(row, run.n);
  if (row.run === run.n) {
    tx.runs.unjoin(row, next ?? 0);
    tx.rows.reseat(row, next ?? 0);
  }
}
