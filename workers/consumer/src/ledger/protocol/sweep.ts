import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { GRANTED } from "../tables/schema.ts";
import type { Tx } from "../tables/tx.ts";
import { rescueLease } from "./rescue.ts";
import { fail } from "./transitions.ts";

/** Sweep a and b: leases that are over, jobs that Ittybit never ended, abandoned ones that must have. */
export function sweep(tx: Tx): void {
  for (const lease of tx.leases.over(tx.now)) rescueLease(tx, lease);
  const stuck = tx.rows.loadWhere(
    `${GRANTED} AND owner IS NULL AND upstream IS NOT NULL AND upstream_at < ? ORDER BY granted_at LIMIT 1000`,
    tx.now - JOB_DEADLINE_MS,
  );
  for (const row of stuck) {
    const message = `Ittybit did not end the job within ${JOB_DEADLINE_MS / 60_000} minutes.`;
    row.hold = 0;
    row.sends = 0;
    fail(tx, row, { code: "upstream_stuck", message }, { permanent: false, ended: false });
    // It has waited long enough.
    if (row.due > tx.now) row.due = tx.now;
  }
  tx.sql.exec("DELETE FROM abandoned WHERE until <= ?", tx.now);
}

/** A local start: every handler died with the process and every message with its queue. Never in production. */
export function recover(tx: Tx): void {
  for (const lease of tx.leases.over(Number.MAX_SAFE_INTEGER)) rescueLease(tx, lease, false);
  tx.sql.exec("UPDATE jobs SET hold = 0, sends = 0 WHERE hold > 0");
  tx.gate.breaker.probe = null;
}
