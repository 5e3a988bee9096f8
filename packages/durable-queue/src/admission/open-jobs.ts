import { areOpen, shownCount } from "../memory/counters.ts";
import { URGENT } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** The number of open jobs, from the counts. It never counts rows. */
export function openJobs(tx: QueueTx): number {
  return tx.counts.filter(areOpen).reduce((sum, { n }) => sum + shownCount(n), 0);
}

/** The number of open jobs in the urgent lane. */
export function urgentOpen(tx: QueueTx): number {
  return tx.counts
    .filter((count) => count.lane === URGENT && areOpen(count))
    .reduce((sum, { n }) => sum + shownCount(n), 0);
}
