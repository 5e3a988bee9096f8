import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { freeOver } from "../tables/abandoned.ts";
import { dropHolds } from "../tables/jobs.ts";
import type { Tx } from "../tables/tx.ts";
import { rescueLease } from "./rescue.ts";
import { fail } from "./transitions.ts";

/** Sweep a and b: leases that are over, jobs that Ittybit never ended, abandoned ones that must have. */
export function sweep(tx: Tx): void {
  for (const lease of tx.leases.over(tx.now)) rescueLease(tx, lease);
  for (const row of tx.rows.loadStuck(tx.now - JOB_DEADLINE_MS)) {
    const message = `Ittybit did not end the job within ${JOB_DEADLINE_MS / 60_000} minutes.`;
    row.hold = 0;
    row.sends = 0;
    fail(tx, row, { code: "upstream_stuck", message }, { permanent: false, slot: "kept" });
    // It has waited long enough.
    if (row.due > tx.now) row.due = tx.now;
  }
  freeOver(tx.sql, tx.now);
}

/** A local start: every handler died with the process and every message with its queue. Never in production. */
export function recover(tx: Tx): void {
  for (const lease of tx.leases.over(Number.MAX_SAFE_INTEGER)) rescueLease(tx, lease, false);
  dropHolds(tx.sql);
  tx.gate.breaker.probe = null;
}
