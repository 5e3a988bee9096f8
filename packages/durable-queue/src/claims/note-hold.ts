import { closedFor } from "../admission/gate.ts";
import { quantileMs } from "../admission/job-times.ts";
import { LANE_CODES, type LaneCode, laneName } from "../tables/row.ts";
import { FOR_EVER, type QueueTx } from "../tx/queue-tx.ts";

/**
 * Notes whether the gate, or a failing origin, holds back all that waits. The pace leaves that time out: it is the pace
 * of the work, and the hold is no part of it.
 */
export function noteHold(tx: QueueTx): void {
  tx.memory.work.hold(tx.now, allHeldUntil(tx), quantileMs(tx.gateNow, 0.5));
}

/** When the first of the waiting jobs may go, Unix ms. Null: one may go now, or none waits. */
function allHeldUntil(tx: QueueTx): number | null {
  const opens = LANE_CODES.map((lane) => laneOpensAt(tx, lane));
  // Mostly no lane is closed, so that nothing is counted.
  if (opens.every((at) => at === null)) return null;
  const admitted = { 0: 0, 1: 0, 2: 0 };
  for (const { state, lane } of tx.memory.claims.held()) if (state === "admitted") admitted[lane] += 1;
  const waiting = LANE_CODES.filter((lane) => tx.waiting(lane) > admitted[lane]);
  const times = waiting.map((lane) => opens[lane] ?? null);
  return times.length === 0 || times.includes(null) ? null : Math.min(...times.map((at) => at ?? 0));
}

/** When jobs of a lane may go again, Unix ms; null: now. */
function laneOpensAt(tx: QueueTx, lane: LaneCode): number | null {
  const closed = closedFor(tx.gateNow, laneName(lane));
  if (closed !== null) return closed.until ?? FOR_EVER;
  if (Object.keys(tx.gate.origins).length === 0) return null;
  const times = tx.readyTimes(lane);
  return times.length === 0 || times.some((at) => at <= tx.now) ? null : Math.min(...times);
}
