import type { LaneCode, StateCode } from "./row.ts";
import { ENDED } from "./schema.ts";
import { int, type Sql, text } from "./sql.ts";

/* Tables whose keys say nothing of age, read in the order of their keys: an index on a time would be a row written and billed for each row. */

/** A row and when it was last of use, Unix ms. */
export interface Aged<Id> {
  id: Id;
  at: number;
}

const QUERIES = {
  inbox: "SELECT id, at FROM inbox WHERE id > ? ORDER BY id LIMIT ?",
  // One that is locked is in use.
  images: "SELECT id, max(updated, lock) AS at FROM images WHERE id > ? ORDER BY id LIMIT ?",
} as const;

export type AgedTable = keyof typeof QUERIES;

export function readAged(sql: Sql, table: AgedTable, above: string, limit: number): Aged<string>[] {
  return sql.exec(QUERIES[table], above, limit).map((raw) => ({ id: text(raw.id), at: int(raw.at) }));
}

export function deleteAged(sql: Sql, table: AgedTable, ids: readonly string[]): void {
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
}

/** Rows of jobs of an ended state and these lanes. */
export function readAgedJobs(
  sql: Sql,
  { state, lanes }: { state: StateCode; lanes: readonly LaneCode[] },
  above: number,
  limit: number,
): Aged<number>[] {
  const query = `SELECT id, max(updated, created) AS at FROM jobs WHERE ${ENDED} AND state = ? AND id > ?
    AND lane IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?`;
  const found = sql.exec(query, state, above, JSON.stringify(lanes), limit);
  return found.map((raw) => ({ id: int(raw.id), at: int(raw.at) }));
}
