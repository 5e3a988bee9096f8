import type { UpstreamJob, UpstreamOpen } from "../api.ts";
import { GRANTED } from "../tables/schema.ts";
import { int, text } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";

/** What is open at Ittybit: how many, the oldest one's grant, and whether a handler waits for every one of them. */
export function upstreamOpen(tx: Tx): UpstreamOpen {
  const raw = tx.sql.exec(
    `SELECT count(*) AS n, min(granted_at) AS oldest, sum(owner IS NULL) AS unowned FROM jobs WHERE ${GRANTED} AND upstream IS NOT NULL`,
  )[0];
  const count = int(raw?.n);
  return { count, oldestGrantedAt: count === 0 ? null : int(raw?.oldest), waited: int(raw?.unowned) === 0 };
}

/** The jobs themselves, oldest first: for those that lists do not show. */
export function upstreamJobs(tx: Tx, limit: number): UpstreamJob[] {
  const found = tx.sql.exec(
    `SELECT key, gen, upstream, upstream_at, owner IS NOT NULL AS owned, due FROM jobs WHERE ${GRANTED} AND upstream IS NOT NULL
      ORDER BY granted_at LIMIT ?`,
    limit,
  );
  return found.map((raw) => ({
    key: text(raw.key),
    gen: int(raw.gen),
    job: text(raw.upstream),
    submittedAt: int(raw.upstream_at),
    owned: int(raw.owned) === 1,
    due: int(raw.due),
  }));
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
