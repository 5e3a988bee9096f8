import { readOpenCounts } from "../tables/counters.ts";
import { LIVE, PROCESSING } from "../tables/row.ts";
import type { Sql } from "../tables/sql.ts";

/** Open jobs, from the counters: never a count over rows. */
export function openJobs(sql: Sql): { open: number; liveOpen: number; liveWaiting: number } {
  const sums = { open: 0, liveOpen: 0, liveWaiting: 0 };
  for (const { state, lane, n } of readOpenCounts(sql)) {
    sums.open += n;
    if (lane !== LIVE) continue;
    sums.liveOpen += n;
    if (state !== PROCESSING) sums.liveWaiting += n;
  }
  return sums;
}
