import type { AwaitedJob } from "../../ittybit/observe-jobs.ts";
import { GRANTED } from "../tables/schema.ts";
import { int, text } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";

/** How many jobs are open at Ittybit, and whether a handler waits for every one of them. */
export function openAtIttybit(tx: Tx): { count: number; waited: boolean } {
  const raw = tx.sql.exec(
    `SELECT count(*) AS n, sum(owner IS NULL) AS unowned FROM jobs WHERE ${GRANTED} AND upstream IS NOT NULL`,
  )[0];
  return { count: int(raw?.n), waited: int(raw?.unowned) === 0 };
}

/** The jobs themselves, oldest first: for those that lists do not show. */
export function openJobsAtIttybit(tx: Tx, limit: number): AwaitedJob[] {
  const found = tx.sql.exec(
    `SELECT upstream, upstream_at FROM jobs WHERE ${GRANTED} AND upstream IS NOT NULL
      ORDER BY granted_at LIMIT ?`,
    limit,
  );
  return found.map((raw) => ({ ittybitJob: text(raw.upstream), submittedAt: int(raw.upstream_at) }));
}

/** Ittybit says that these jobs have ended: rows nobody waits for become due now, abandoned ones free their slot. Returns the rows made due. */
export function observeEnded(tx: Tx, jobs: string[]): number {
  const ended = JSON.stringify(jobs);
  tx.sql.exec("DELETE FROM abandoned WHERE job IN (SELECT value FROM json_each(?))", ended);
  // The granted rows are few; the list of ended jobs may be a page of anybody's.
  const rows = tx.rows.loadWhere(
    `${GRANTED} AND owner IS NULL AND upstream IN (SELECT value FROM json_each(?1))`,
    ended,
  );
  const waiting = rows.filter((row) => row.due > tx.now);
  for (const row of waiting) {
    row.due = tx.now;
    row.hold = 0;
  }
  return waiting.length;
}
