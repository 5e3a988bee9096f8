import { GRANTED } from "../tables/schema.ts";
import { int } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";

/** Jobs that may be running upstream: granted open rows and abandoned generations. Counted, never kept: it cannot drift. */
export function slotsUsed(tx: Tx): number {
  const granted = tx.sql.exec(`SELECT count(*) AS n FROM jobs WHERE ${GRANTED}`)[0];
  const abandoned = tx.sql.exec("SELECT count(*) AS n FROM abandoned WHERE until > ?", tx.now)[0];
  return int(granted?.n) + int(abandoned?.n);
}
