import { closedFor, FOR_EVER, firstIn, type QueueTx } from "@prewarm/durable-queue";
import { LANES, type Lane } from "@prewarm/shared/job";
import { laneCode } from "../queue-settings.ts";

/**
 * Until when the gate, or a failing origin, holds back all that waits, Unix ms. Null: a job may go now, or none waits.
 * The pace leaves held time out: it is the pace of the work, and a hold is no part of it.
 */
export function allClosedUntil(tx: QueueTx): number | null {
  const opens = LANES.map((lane) => ({ code: laneCode(lane), at: closedUntil(tx, lane) }));
  // Mostly no lane is closed, so that nothing is counted.
  if (opens.every(({ at }) => at === null)) return null;
  const admitted = tx.memory.claims.held().filter(({ state }) => state === "admitted");
  const waits = ({ code }: (typeof opens)[number]) =>
    tx.waiting(code) > admitted.filter(({ lane }) => lane === code).length;
  const times = opens.filter(waits).map(({ at }) => at);
  return times.length === 0 || times.includes(null) ? null : Math.min(...times.map((at) => at ?? 0));
}

/** Until when the gate, or the failing origins, hold back all jobs of a lane, Unix ms. Null: a job may go now. */
export function closedUntil(tx: QueueTx, lane: Lane): number | null {
  const closed = closedFor(tx.gateNow, lane);
  if (closed !== null) return closed.until ?? FOR_EVER;
  if (Object.keys(tx.gate.origins).length === 0) return null;
  const at = tx.readyAt(laneCode(lane));
  return at === null || at <= tx.dueBy ? null : at;
}

/**
 * When the oldest waiting job of each lane that has any was ordered, Unix ms. It is one of: the first job without a
 * claim, and the jobs before it of handlers without a slot. A viewer waits for a job until it ends, so in the lane
 * of viewers jobs with a slot count too.
 */
export function oldestWaiting(tx: QueueTx): Record<string, number> {
  const { claims } = tx.memory;
  const most = claims.held().length + 1;
  const oldest = LANES.flatMap((lane): [string, number][] => {
    const waits = (id: number) => lane === "live" || claims.byJob(id)?.state !== "admitted";
    const ids = firstIn(tx.sql, laneCode(lane), most).map(({ id }) => id);
    const rows = tx.rows.loadIds(ids.filter(waits));
    return rows.length === 0 ? [] : [[lane, Math.min(...rows.map(({ created }) => created))]];
  });
  return Object.fromEntries(oldest);
}
