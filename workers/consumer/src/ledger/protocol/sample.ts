import { LANES, type Lane } from "@prewarm/shared/job";
import { firstDueOrdered } from "../tables/due.ts";
import { readIds } from "../tables/find-jobs.ts";
import { isOpen, laneCode, laneName, type Row } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { openJobs } from "./open-jobs.ts";

/** Runs of a lane that are looked at; the front of each is one row. */
const RUNS_MAX = 100;

/** When the oldest waiting job of each lane was ordered, Unix ms: among the first of each run, the one due first, and what waits in hands. */
export function oldestWaiting(tx: Tx): Record<Lane, number | null> {
  const oldest: Record<Lane, number | null> = { live: null, upload: null, bulk: null };
  const note = (lane: Lane, at: number) => {
    oldest[lane] = Math.min(oldest[lane] ?? Number.MAX_SAFE_INTEGER, at);
  };
  for (const row of frontRows(tx)) note(laneName(row.lane), row.created);
  for (const lane of LANES) {
    const at = firstDueOrdered(tx.sql, laneCode(lane));
    if (at !== null) note(lane, at);
  }
  return oldest;
}

/** Rows at the front of their run, and rows that somebody holds without a slot. */
function frontRows(tx: Tx): Row[] {
  const { fresh, hands } = tx.kept;
  const fronts = LANES.flatMap((lane) => fresh.fronts(tx.sql, laneCode(lane), RUNS_MAX));
  const standing = hands.list().flatMap(({ entries }) => [...entries.values()].filter(({ granted }) => !granted));
  return readIds(tx.sql, [...fronts, ...standing.map(({ id }) => id)]).filter(isOpen);
}

/**
 * Notes how much is open and how long the oldest job has waited. The histogram of waits says nothing while nothing moves; this does.
 * While nothing is open it writes nothing.
 */
export function sample(tx: Tx): void {
  const open = openJobs(tx);
  if (open === 0) return;
  const waiting = Object.values(oldestWaiting(tx)).filter((at) => at !== null);
  tx.sample(open, waiting.length === 0 ? null : Math.max(0, tx.now - Math.min(...waiting)));
}
