import { ENDED } from "./schema.ts";
import { int, type Sql } from "./sql.ts";

/** Ids of jobs that ended in one state, above an id, in the order of ids. */
export function endedIds(sql: Sql, state: number, above: number, limit: number): number[] {
  const query = `SELECT id FROM jobs INDEXED BY jobs_ended WHERE ${ENDED} AND state = ? AND id > ? ORDER BY id LIMIT ?`;
  return sql.exec(query, state, above, limit).map((raw) => int(raw.id));
}
