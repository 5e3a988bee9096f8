import { type Count, shownCount } from "../schema/counters.ts";
import { LIVE, OPEN_CODES, type StateCode } from "../schema/row.ts";
import type { Tx } from "../schema/tx.ts";

function openOnly({ state }: Count): boolean {
  return OPEN_CODES.some((code: StateCode) => code === state);
}

/** The number of open jobs, from the counts. It never counts rows. */
export function openJobs(tx: Tx): number {
  return tx.counts.filter(openOnly).reduce((sum, { n }) => sum + shownCount(n), 0);
}

/** The number of open jobs in the live lane. */
export function liveOpen(tx: Tx): number {
  return tx.counts
    .filter((count) => count.lane === LIVE && openOnly(count))
    .reduce((sum, { n }) => sum + shownCount(n), 0);
}
