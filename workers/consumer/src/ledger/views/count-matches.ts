import { JOB_STATES, type JobState, LANES, type Lane } from "@prewarm/shared/job";
import type { JobFilter } from "../contract.ts";
import type { Tx } from "../tables/tx.ts";
import { findRows } from "./find-rows.ts";
import { counts } from "./views.ts";

/** How many jobs match. A filter of states and lanes alone is answered by the counters; anything else counts at most 10,000 rows. */
export function countMatches(tx: Tx, filter: JobFilter, keys: string[] | null): { total: number; exact: boolean } {
  if (keys === null && isPlain(filter)) return { total: counted(tx, filter), exact: true };
  const { rows, next } = findRows(tx, filter, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, keys);
  return { total: rows.length, exact: next === null };
}

function isPlain({ run, id, format, error, text, fingerprint }: JobFilter): boolean {
  return [run, id, format, error, fingerprint].every((part) => part === null) && text.length === 0;
}

function counted(tx: Tx, { states, lanes }: JobFilter): number {
  const { byState } = counts(tx);
  const wantedStates: readonly JobState[] = states.length > 0 ? [...new Set(states)] : JOB_STATES;
  const wantedLanes: readonly Lane[] = lanes.length > 0 ? [...new Set(lanes)] : LANES;
  return wantedStates.reduce(
    (sum, state) => sum + wantedLanes.reduce<number>((part, lane) => part + byState[state][lane], 0),
    0,
  );
}
