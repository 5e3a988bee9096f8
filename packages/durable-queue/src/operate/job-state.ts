import type { JobState, Lane } from "@prewarm/shared/job";
import { shownCount } from "../memory/counters.ts";
import { countedAs, laneName, type Row, stateName, WAITING } from "../tables/row.ts";
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

export type StateCounts = Record<JobState, Record<Lane, number>>;

/** Jobs by state and lane. The count of stored jobs includes deleted rows. */
export function stateCounts(tx: QueueTx): StateCounts {
  const none = (): Record<Lane, number> => ({ live: 0, upload: 0, bulk: 0 });
  const counts: StateCounts = {
    ...{ queued: none(), processing: none(), retrying: none(), stored: none() },
    ...{ dead: none(), refused: none(), cancelled: none() },
  };
  for (const { state, lane, n } of tx.counts) counts[stateName(state)][laneName(lane)] += shownCount(n);
  for (const row of admittedRows(tx)) {
    const waiting = counts[stateName(countedAs(row))];
    waiting[laneName(row.lane)] = shownCount(waiting[laneName(row.lane)] - 1);
    counts.processing[laneName(row.lane)] += 1;
  }
  return counts;
}
