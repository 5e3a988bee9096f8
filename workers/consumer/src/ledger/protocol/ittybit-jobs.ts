import type { AwaitedJob } from "../../ittybit/observe-jobs.ts";
import { freeEnded } from "../tables/abandoned.ts";
import { countAtIttybit, listAtIttybit } from "../tables/jobs.ts";
import type { Tx } from "../tables/tx.ts";

/** How many jobs are open at Ittybit, and whether a handler waits for every one of them. */
export function openAtIttybit(tx: Tx): { count: number; waited: boolean } {
  const { count, unowned } = countAtIttybit(tx.sql);
  return { count, waited: unowned === 0 };
}

/** The jobs themselves, oldest first: for those that lists do not show. */
export function openJobsAtIttybit(tx: Tx, limit: number): AwaitedJob[] {
  return listAtIttybit(tx.sql, limit);
}

/** Ittybit says that these jobs have ended: rows nobody waits for become due now, abandoned ones free their slot. Returns the rows made due. */
export function observeEnded(tx: Tx, jobs: string[]): number {
  freeEnded(tx.sql, jobs);
  const waiting = tx.rows.loadJobs(jobs).filter((row) => row.due > tx.now);
  for (const row of waiting) {
    row.due = tx.now;
    row.hold = 0;
  }
  return waiting.length;
}
