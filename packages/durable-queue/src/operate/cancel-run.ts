import { cancelOpen } from "../claims/transitions.ts";
import { CANCELLED, countedAs, isOpen, type Row, URGENT } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { nextCancelling, type Run } from "../tx/runs.ts";

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
