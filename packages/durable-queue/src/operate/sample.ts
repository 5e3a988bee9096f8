import { openJobs } from "../admission/open-jobs.ts";
import { firstDueOrdered } from "../tables/due.ts";
import { laneCodes, laneName } from "../tables/lanes.ts";
import { isOpen, type LaneCode, type Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** Runs of a lane that are checked, each by the row at its front. */
const RUNS_MAX = 100;

/**
 * When the oldest waiting job of each lane that has any was ordered, Unix ms. It is one of: the first rows of the runs, the row that
 * is due first, and the rows of handlers without a slot.
 */
export function oldestWaiting(tx: QueueTx): Record<string, number> {
  const oldest: Record<string, number> = {};
  const note = (code: LaneCode, at: number) => {
    const lane = laneName(tx.lanes, code);
    oldest[lane] = Math.min(oldest[lane] ?? Number.MAX_SAFE_INTEGER, at);
  };
  for (const row of frontRows(tx)) note(row.lane, row.created);
  for (const lane of laneCodes(tx.lanes)) {
    const at = firstDueOrdered(tx.sql, lane);
    if (at !== null) note(lane, at);
  }
  return oldest;
}

/** Rows at the front of their run, and rows that a handler holds without a slot. */
function frontRows(tx: QueueTx): Row[] {
  const { orders, claims } = tx.memory;
  const isFree = (id: number) => claims.byJob(id) === null;
  const fronts = laneCodes(tx.lanes).flatMap((lane) => orders.fronts(tx.sql, lane, RUNS_MAX, isFree));
  const prefetched = claims.held().filter(({ state }) => state === "prefetched");
  return [...fronts, ...tx.rows.loadIds(prefetched.map(({ id }) => id)).filter(isOpen)];
}

/**
 * Samples the number of open jobs and the age of the oldest waiting job. The histogram of waits shows nothing while no
 * job moves; the sample does. With no open job it writes nothing.
 */
export function sample(tx: QueueTx): void {
  const open = openJobs(tx);
  if (open === 0) return;
  const waiting = Object.values(oldestWaiting(tx));
  tx.sample(open, waiting.length === 0 ? null : Math.max(0, tx.now - Math.min(...waiting)));
}
