import { LANES, type Lane } from "@prewarm/shared/job";
import { runsWaiting } from "../protocol/dispatch.ts";
import { openJobs } from "../protocol/open-jobs.ts";
import { TIERS_MS } from "./counters.ts";
import { laneCode } from "./row.ts";
import { WAITING } from "./schema.ts";
import { int } from "./sql.ts";
import type { Tx } from "./tx.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = { minute: DAY_MS, hour: 14 * DAY_MS, day: 90 * DAY_MS } as const;
/** Runs of a lane that are looked at; their first rows are one index entry each. */
const RUNS_MAX = 100;

/** When the oldest waiting job of each lane was ordered, Unix ms: among each run's row that is due first. */
export function oldestWaiting(tx: Tx): Record<Lane, number | null> {
  const oldest: Record<Lane, number | null> = { live: null, upload: null, bulk: null };
  for (const lane of LANES) {
    for (const run of runsWaiting(tx, laneCode(lane)).slice(0, RUNS_MAX)) {
      const query = `SELECT created FROM jobs WHERE ${WAITING} AND lane = ? AND run = ? ORDER BY due LIMIT 1`;
      const found = tx.sql.exec(query, laneCode(lane), run)[0];
      if (found !== undefined) oldest[lane] = Math.min(oldest[lane] ?? Number.MAX_SAFE_INTEGER, int(found.created));
    }
  }
  return oldest;
}

/** Notes how much is open and how long the oldest has waited; a wait histogram is silent while nothing moves, this is not. */
export function sample(tx: Tx): void {
  const waiting = Object.values(oldestWaiting(tx)).filter((at) => at !== null);
  const oldest = waiting.length === 0 ? null : Math.max(0, tx.now - Math.min(...waiting));
  const { open } = openJobs(tx.sql);
  for (const tier of ["minute", "hour", "day"] as const) {
    const ms = TIERS_MS[tier];
    tx.sql.exec(
      `INSERT INTO samples VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tier, at) DO UPDATE SET open = max(open, ?3),
        oldest = CASE WHEN ?4 IS NULL THEN oldest ELSE max(coalesce(oldest, 0), ?4) END`,
      ms,
      tx.now - (tx.now % ms),
      open,
      oldest,
    );
    tx.sql.exec("DELETE FROM samples WHERE tier = ? AND at < ?", ms, tx.now - KEEP_MS[tier]);
  }
}
