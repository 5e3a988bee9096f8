import { closedFor } from "../admission/gate.ts";
import { quantileMs } from "../admission/job-times.ts";
import { laneCodes, laneName } from "../tables/lanes.ts";
import type { LaneCode } from "../tables/row.ts";
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
  const opens = new Map(laneCodes(tx.lanes).map((lane) => [lane, laneOpensAt(tx, lane)]));
  // Mostly no lane is closed, so that nothing is counted.
  if ([...opens.values()].every((at) => at === null)) return null;
  const admitted = tx.memory.claims.held().filter(({ state }) => state === "admitted");
  const isWaiting = (lane: LaneCode) => tx.waiting(lane) > admitted.filter((claim) => claim.lane === lane).length;
  const times = [...opens].flatMap(([lane, at]) => (isWaiting(lane) ? [at] : []));
  return times.length === 0 || times.includes(null) ? null : Math.min(...times.map((at) => at ?? 0));
}

/** When jobs of a lane may go again, Unix ms; null: now. */
function laneOpensAt(tx: QueueTx, lane: LaneCode): number | null {
  const closed = closedFor(tx.gateNow, laneName(tx.lanes, lane));
  if (closed !== null) return closed.until ?? FOR_EVER;
  if (Object.keys(tx.gate.origins).length === 0) return null;
  const times = tx.readyTimes(lane);
  return times.length === 0 || times.some((at) => at <= tx.now) ? null : Math.min(...times);
}
