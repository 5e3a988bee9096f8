import type { UpstreamJob, UpstreamOpen } from "../api.ts";
import { freeEnded } from "../tables/abandoned.ts";
import { jobsAtIttybit, listAtIttybit } from "../tables/jobs.ts";
import type { Tx } from "../tables/tx.ts";

/** What is open at Ittybit: how many, the oldest one's grant, and whether a handler waits for every one of them. */
export function upstreamOpen(tx: Tx): UpstreamOpen {
  const { count, unowned, oldestGrantedAt } = jobsAtIttybit(tx.sql);
  return { count, oldestGrantedAt, waited: unowned === 0 };
}

/** The jobs themselves, oldest first: for those that lists do not show. */
export function upstreamJobs(tx: Tx, limit: number): UpstreamJob[] {
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
