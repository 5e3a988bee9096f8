import { areOpen, shownCount } from "../memory/counters.ts";
import { LIVE } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** The number of open jobs, from the counts. It never counts rows. */
export function openJobs(tx: QueueTx): number {
  return tx.counts.filter(areOpen).reduce((sum, { n }) => sum + shownCount(n), 0);
}

/** The number of open jobs in the live lane. */
export function liveOpen(tx: QueueTx): number {
  return tx.counts
    .filter((count) => count.lane === LIVE && areOpen(count))
    .reduce((sum, { n }) => sum + shownCount(n), 0);
}
