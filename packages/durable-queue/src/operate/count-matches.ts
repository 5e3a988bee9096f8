import { JOB_STATES, LANES } from "@prewarm/shared/job";
import type { JobFilter } from "../calls.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { countCauses, FAILED_STATES, type FailedState } from "./causes.ts";
import { findRows, WALK_MAX } from "./find-rows.ts";
import { stateCounts } from "./job-state.ts";

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
    const { rows, next } = findRows(tx, filter, { above, orderedBy: tx.now }, Number.MAX_SAFE_INTEGER);
    total += rows.length;
    if (next === null) return { total, exact: true };
    above = next;
  }
  return { total, exact: false };
}

function isPlain({ run, id, format, error, text, ordered, attempts, changed, fingerprint, jobs }: JobFilter): boolean {
  const parts = [run, id, format, error, ordered ?? null, attempts ?? null, changed ?? null, fingerprint, jobs];
  return parts.every((part) => part === null) && text.length === 0;
}

/** The cause of a filter with a cause and failed states only. Null: any other filter. */
function countedCause(tx: QueueTx, { fingerprint, states, lanes, ...others }: JobFilter): number | null {
  const failed = states.filter((state): state is FailedState => FAILED_STATES.some((one) => one === state));
  if (fingerprint === null || failed.length === 0 || failed.length < states.length) return null;
  if (!isPlain({ ...others, fingerprint: null, states, lanes })) return null;
  const causes = countCauses(tx, { states: failed, lanes, run: null, from: 0, parts: 1 });
  return causes.find((cause) => cause.fingerprint === fingerprint)?.count ?? 0;
}

function counted(tx: QueueTx, { states, lanes }: JobFilter): number {
  const counts = stateCounts(tx);
  const wanted = JOB_STATES.filter((state) => states.length === 0 || states.includes(state));
  const among = LANES.filter((lane) => lanes.length === 0 || lanes.includes(lane));
  return wanted.flatMap((state) => among.map((lane) => counts[state][lane])).reduce((sum, n) => sum + n, 0);
}
