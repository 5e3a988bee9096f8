import { firstDueOrdered, isOpen, type LaneCode, type QueueTx, type Row } from "@prewarm/durable-queue";
import { LANES } from "@prewarm/shared/job";
import { laneCode, laneName } from "../queue-settings.ts";

/** Runs of a lane that are checked, each by the row at its front. */
const RUNS_MAX = 100;

/**
 * When the oldest waiting job of each lane that has any was ordered, Unix ms. It is one of: the first rows of the runs,
 * the row that is due first, and the rows of handlers without a slot.
 */
export function oldestWaiting(tx: QueueTx): Record<string, number> {
  const oldest: Record<string, number> = {};
  const note = (code: LaneCode, at: number) => {
    const lane = laneName(code);
    oldest[lane] = Math.min(oldest[lane] ?? Number.MAX_SAFE_INTEGER, at);
  };
  for (const row of frontRows(tx)) note(row.lane, row.created);
  for (const lane of LANES.map(laneCode)) {
    const at = firstDueOrdered(tx.sql, lane);
    if (at !== null) note(lane, at);
  }
  return oldest;
}

/** Rows at the front of their run, and rows that a handler holds without a slot. */
function frontRows(tx: QueueTx): Row[] {
  const { orders, claims } = tx.memory;
  const isFree = (id: number) => claims.byJob(id) === null;
  const fronts = LANES.flatMap((lane) => orders.fronts(tx.sql, laneCode(lane), RUNS_MAX, isFree));
  const prefetched = claims.held().filter(({ state }) => state === "prefetched");
  return [...fronts, ...tx.rows.loadIds(prefetched.map(({ id }) => id)).filter(isOpen)];
}
