import { type QueueTx, stateCounts } from "@prewarm/durable-queue";
import { JOB_STATES, LANES } from "@prewarm/shared/job";
import type { JobFilter } from "./calls.ts";
import { countCauses, FAILED_STATES, type FailedState } from "./causes.ts";
import { findRows, WALK_MAX } from "./find-rows.ts";

/** Maximum of rows that are walked if no count answers: about 100 ms. */
const WALKED_MAX = 100_000;

/**
 * The number of matching jobs. The counts answer states and lanes, SQLite counts a cause, and any other filter walks at
 * most 100,000 rows.
 */
export function countMatches(tx: QueueTx, filter: JobFilter): { total: number; exact: boolean } {
  if (isPlain(filter)) return { total: counted(tx, filter), exact: true };
  const cause = countedCause(tx, filter);
  if (cause !== null) return { total: cause, exact: true };
  let total = 0;
  let above = 0;
  for (let walked = 0; walked < WALKED_MAX; walked += WALK_MAX) {
    const { rows, next } = findRows(tx, filter, { above, orderedBy: tx.now, walk: WALK_MAX }, Number.MAX_SAFE_INTEGER);
    total += rows.length;
    if (next === null) return { total, exact: true };
    above = next;
  }
  return { total, exact: false };
}

/** Whether a filter has conditions on states and lanes only. */
function isPlain(filter: JobFilter): boolean {
  const { text, ...parts } = { ...filter, states: null, lanes: null };
  return text.length === 0 && Object.values(parts).every((part) => part === null || part === undefined);
}

/** The cause of a filter with a cause and failed states only. Null: any other filter. */
function countedCause(tx: QueueTx, filter: JobFilter): number | null {
  const { fingerprint, states, lanes } = filter;
  const failed = states.filter((state): state is FailedState => FAILED_STATES.some((one) => one === state));
  if (fingerprint === null || failed.length === 0 || failed.length < states.length) return null;
  if (!isPlain({ ...filter, fingerprint: null })) return null;
  const causes = countCauses(tx, { states: failed, lanes });
  return causes.find(({ cause }) => cause === fingerprint)?.count ?? 0;
}

function counted(tx: QueueTx, { states, lanes }: JobFilter): number {
  const counts = stateCounts(tx);
  const wanted = JOB_STATES.filter((state) => states.length === 0 || states.includes(state));
  const among = LANES.filter((lane) => lanes.length === 0 || lanes.includes(lane));
  return wanted.flatMap((state) => among.map((lane) => counts[state][lane] ?? 0)).reduce((sum, n) => sum + n, 0);
}
