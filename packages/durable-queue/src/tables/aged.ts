import { ENDED } from "./schema.ts";
import { int, type Sql } from "./sql.ts";

/*
 * Bounded deletes of old rows. No table has an index on a time: the platform bills each entry as a row written, also for a
 * job that goes well. A small table is read as a whole. A large table is read in the order of its key, slice by slice.
 */

/** A table that is read as a whole. */
export interface SmallTable {
  table: string;
  key: string;
  /** SQL of the time (Unix ms) that gives a row's age. */
  at: string;
  /** SQL of the condition under which a row may go. Default: every row may. */
  over?: string;
}

/** A table that is swept: rows above a key, in its order. */
export interface LargeTable {
  table: string;
  /** SQL of the time (Unix ms) that gives a row's age. */
  at: string;
  /** SQL of the condition under which a row may go. Default: every row may. */
  over?: string;
}

/** Deletes rows from before a time (Unix ms), and all but the newest `most`. At most `limit` rows. Answers how many. */
export function deleteOld(
  sql: Sql,
  { table, key, at, over = "1" }: SmallTable,
  { before, most, limit }: { before: number; most: number; limit: number },
): number {
  const aged = `SELECT ${key}, ${at} AS aged, ${over} AS done, row_number() OVER (ORDER BY ${at} DESC) AS nth FROM ${table}`;
  const old = `SELECT ${key} FROM (${aged}) WHERE done AND (aged < ?1 OR nth > ?2) LIMIT ?3`;
  return sql.exec(`DELETE FROM ${table} WHERE (${key}) IN (${old}) RETURNING 1`, before, most, limit).length;
}

/** Jobs that ended without a result. `which`: SQL of a further condition. */
export function endedJobs(which: string): LargeTable {
  return { table: "jobs", at: "max(updated, created)", over: `${ENDED} AND ${which}` };
}

export interface Aged {
  id: string;
  at: number;
}

/** Rows above an id, in the order of ids. "": from the first. */
export function readAged(sql: Sql, { table, at, over = "1" }: LargeTable, above: string, limit: number): Aged[] {
  const query = `SELECT id, ${at} AS at FROM ${table} WHERE ${over} AND id > ? ORDER BY id LIMIT ?`;
  const key = table === "jobs" ? Number(above) : above;
  return sql.exec(query, key, limit).map((raw) => ({ id: String(raw.id), at: int(raw.at) }));
}

/** Deletes rows of a table whose rows nothing else counts. */
export function deleteAged(sql: Sql, { table }: LargeTable, ids: readonly string[]): void {
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
}
