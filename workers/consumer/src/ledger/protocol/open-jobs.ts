import { LIVE, PROCESSING, STORED } from "../tables/row.ts";
import { int, type Sql } from "../tables/sql.ts";

/** Open jobs, from the counters: never a count over rows. */
export function openJobs(sql: Sql): { open: number; liveOpen: number; liveWaiting: number } {
  const sums = { open: 0, liveOpen: 0, liveWaiting: 0 };
  for (const raw of sql.exec("SELECT state, lane, n FROM counters WHERE state < ?", STORED)) {
    const n = int(raw.n);
    sums.open += n;
    if (int(raw.lane) !== LIVE) continue;
    sums.liveOpen += n;
    if (int(raw.state) !== PROCESSING) sums.liveWaiting += n;
  }
  return sums;
}
