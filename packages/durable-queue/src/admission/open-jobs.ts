import { areOpen, shownCount } from "../schema/counters.ts";
import { LIVE } from "../schema/row.ts";
import type { Tx } from "../schema/tx.ts";

/** The number of open jobs, from the counts. It never counts rows. */
export function openJobs(tx: Tx): number {
  return tx.counts.filter(areOpen).reduce((sum, { n }) => sum + shownCount(n), 0);
}

/** The number of open jobs in the live lane. */
export function liveOpen(tx: Tx): number {
  return tx.counts
    .filter((count) => count.lane === LIVE && areOpen(count))
    .reduce((sum, { n }) => sum + shownCount(n), 0);
}
