import { firstIn, type QueueTx } from "@prewarm/durable-queue";
import { LANES } from "@prewarm/shared/job";
import { laneCode } from "../queue-settings.ts";

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
