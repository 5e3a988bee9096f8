import type { JobState } from "../calls.ts";
import { shownCount } from "../memory/counters.ts";
import { countedAs, type Row, stateName } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import type { Run } from "../tx/runs.ts";
import { admittedRows } from "./job-state.ts";

/** The members of a run by state. `admitted`: rows that are being made. */
export function memberStates(
  tx: QueueTx,
  run: Run,
  admitted: readonly Row[] = admittedRows(tx),
): Record<JobState, number> {
  const states = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, refused: 0, cancelled: 0 };
  run.states.forEach((n, code) => {
    states[stateName(code)] += n;
  });
  for (const row of admitted) {
    if (!tx.runs.subscribersOf(row).includes(run.n)) continue;
    states[stateName(countedAs(row))] -= 1;
    states.processing += 1;
  }
  return withoutDeficits(states);
}

/**
 * A member that was counted out twice was counted in twice as well, mostly as stored. So the number of members stays
 * right. An examination counts them again.
 */
function withoutDeficits(states: Record<JobState, number>): Record<JobState, number> {
  const deficit = Object.values(states).reduce((sum, n) => sum + Math.min(0, n), 0);
  if (deficit === 0) return states;
  for (const state of Object.keys(states) as JobState[]) states[state] = shownCount(states[state]);
  states.stored = shownCount(states.stored + deficit);
  return states;
}
