import type { JobState } from "../calls.ts";
import { shownCount } from "../memory/counters.ts";
import { laneName } from "../tables/lanes.ts";
import { countedAs, type LaneCode, type Row, stateName, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import type { Run } from "../tx/runs.ts";

/*
 * The states of jobs as users see them. The claims, not the rows, say that a job is being made.
 */

/** Whether the row's generation has a slot. */
function isAdmitted(tx: QueueTx, row: Row): boolean {
  const claim = tx.memory.claims.byJob(row.id);
  return claim?.state === "admitted" && claim.gen === row.gen;
}

export function stateOf(tx: QueueTx, row: Row): JobState {
  return row.state === WAITING && isAdmitted(tx, row) ? "processing" : stateName(countedAs(row));
}

/** Rows that are counted as waiting and are being made. There are at most as many as slots. */
export function admittedRows(tx: QueueTx): Row[] {
  const claims = tx.memory.claims.held().filter(({ state }) => state === "admitted");
  const ids = claims.map(({ id }) => id);
  return tx.rows.loadIds(ids).filter((row) => row.state === WAITING && isAdmitted(tx, row));
}

/** By state, then by the name of the lane. */
export type StateCounts = Record<JobState, Record<string, number>>;

/** Jobs by state and lane. The count of stored jobs includes deleted rows. */
export function stateCounts(tx: QueueTx): StateCounts {
  const none = () => Object.fromEntries(tx.lanes.map(({ name }) => [name, 0]));
  const counts: StateCounts = {
    queued: none(),
    processing: none(),
    retrying: none(),
    stored: none(),
    dead: none(),
    refused: none(),
    cancelled: none(),
  };
  const add = (state: JobState, code: LaneCode, n: number): void => {
    const lane = laneName(tx.lanes, code);
    counts[state][lane] = shownCount((counts[state][lane] ?? 0) + n);
  };
  for (const { state, lane, n } of tx.counts) add(stateName(state), lane, shownCount(n));
  for (const row of admittedRows(tx)) {
    add(stateName(countedAs(row)), row.lane, -1);
    add("processing", row.lane, 1);
  }
  return counts;
}

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
