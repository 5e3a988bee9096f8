import { JOB_STATES, LANES } from "@prewarm/shared/job";
import type { JobFilter } from "../contract.ts";
import type { Tx } from "../tables/tx.ts";
import { findRows, READ_MAX, WALK_MAX } from "./find-rows.ts";
import { stateCounts } from "./job-state.ts";

/** How many jobs match. A filter of states and lanes alone is answered by the counts; anything else walks at most 10,000 rows. */
export function countMatches(tx: Tx, filter: JobFilter): { total: number; exact: boolean } {
  if (isPlain(filter)) return { total: counted(tx, filter), exact: true };
  let total = 0;
  let above = 0;
  for (let walked = 0; walked < READ_MAX; walked += WALK_MAX) {
    const { rows, next } = findRows(tx, filter, { above, orderedBy: tx.now }, Number.MAX_SAFE_INTEGER);
    total += rows.length;
    if (next === null) return { total, exact: true };
    above = next;
  }
  return { total, exact: false };
}

function isPlain({ run, id, format, error, text, fingerprint, jobs }: JobFilter): boolean {
  return [run, id, format, error, fingerprint, jobs].every((part) => part === null) && text.length === 0;
}

function counted(tx: Tx, { states, lanes }: JobFilter): number {
  const counts = stateCounts(tx);
  const wanted = JOB_STATES.filter((state) => states.length === 0 || states.includes(state));
  const among = LANES.filter((lane) => lanes.length === 0 || lanes.includes(lane));
  return wanted.flatMap((state) => among.map((lane) => counts[state][lane])).reduce((sum, n) => sum + n, 0);
}
