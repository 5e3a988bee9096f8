import { countAbandoned } from "../tables/abandoned.ts";
import { countGranted } from "../tables/jobs.ts";
import type { Tx } from "../tables/tx.ts";

/** Jobs that may run at Ittybit: granted open rows and abandoned generations. Counted each time, never kept, so the number cannot drift. */
export function slotsUsed(tx: Tx): number {
  return countGranted(tx.sql) + countAbandoned(tx.sql, tx.now);
}
