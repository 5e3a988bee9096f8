import { firstIn, type QueueTx } from "@prewarm/durable-queue";
import { LANES } from "@prewarm/shared/job";
import { laneCode } from "../queue-settings.ts";

/**
 * When the oldest waiting job of each lane that has any was ordered, Unix ms. It is one of: the first job without a
 * claim, and the jobs before it of handlers without a slot.
 */
export function oldestWaiting(tx: QueueTx): Record<string, number> {
  const { claims } = tx.memory;
  const most = claims.held().length + 1;
  const oldest = LANES.flatMap((lane): [string, number][] => {
    const waiting = firstIn(tx.sql, laneCode(lane), most).filter(({ id }) => claims.byJob(id)?.state !== "admitted");
    const rows = tx.rows.loadIds(waiting.map(({ id }) => id));
    return rows.length === 0 ? [] : [[lane, Math.min(...rows.map(({ created }) => created))]];
  });
  return Object.fromEntries(oldest);
}
