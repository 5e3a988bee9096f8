import type { JobState } from "../calls.ts";
import { shownCount } from "../memory/counters.ts";
import { laneName } from "../tables/lanes.ts";
import { countedAs, type LaneCode, type Row, stateName, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

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
    ...{ queued: none(), processing: none(), retrying: none(), stored: none() },
    ...{ dead: none(), refused: none(), cancelled: none() },
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
