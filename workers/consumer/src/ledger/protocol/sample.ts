import { LANES, type Lane } from "@prewarm/shared/job";
import { TIERS_MS } from "../tables/counters.ts";
import { firstOrdered } from "../tables/jobs.ts";
import { laneCode } from "../tables/row.ts";
import { addSample, forgetSamples } from "../tables/samples.ts";
import type { Tx } from "../tables/tx.ts";
import { runsWaiting } from "./dispatch.ts";
import { openJobs } from "./open-jobs.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = { minute: DAY_MS, hour: 14 * DAY_MS, day: 90 * DAY_MS } as const;
/** Runs of a lane that are looked at; their first rows are one index entry each. */
const RUNS_MAX = 100;

/** When the oldest waiting job of each lane was ordered, Unix ms: among each run's row that is due first. */
export function oldestWaiting(tx: Tx): Record<Lane, number | null> {
  const oldest: Record<Lane, number | null> = { live: null, upload: null, bulk: null };
  for (const lane of LANES) {
    for (const run of runsWaiting(tx, laneCode(lane)).slice(0, RUNS_MAX)) {
      const at = firstOrdered(tx.sql, laneCode(lane), run);
      if (at !== null) oldest[lane] = Math.min(oldest[lane] ?? Number.MAX_SAFE_INTEGER, at);
    }
  }
  return oldest;
}

/** Notes how much is open and how long the oldest job has waited. The histogram of waits says nothing while nothing moves; this does. */
export function sample(tx: Tx): void {
  const waiting = Object.values(oldestWaiting(tx)).filter((at) => at !== null);
  const oldest = waiting.length === 0 ? null : Math.max(0, tx.now - Math.min(...waiting));
  const { open } = openJobs(tx.sql);
  for (const tier of ["minute", "hour", "day"] as const) {
    const ms = TIERS_MS[tier];
    addSample(tx.sql, ms, { at: tx.now - (tx.now % ms), open, oldest });
    forgetSamples(tx.sql, ms, tx.now - KEEP_MS[tier]);
  }
}
