import { ENDED } from "./schema.ts";
import { int, jsonLists, type Sql, type SqlValue, text } from "./sql.ts";

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
  /** The columns of its key. Default: `id`. */
  key?: string;
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
  /** The values of the key's columns, as a JSON list. */
  key: string;
  at: number;
}

/** Rows above a key, in the order of keys. "": from the first. */
export function readAged(sql: Sql, of: LargeTable, above: string, limit: number): Aged[] {
  const { table, key = "id", at, over = "1" } = of;
  const from = above === "" ? [] : (JSON.parse(above) as SqlValue[]);
  const isAbove = above === "" ? "1" : `(${key}) > (${from.map(() => "?").join(", ")})`;
  const query = `SELECT json_array(${key}) AS key, ${at} AS at FROM ${table} WHERE ${over} AND ${isAbove} ORDER BY ${key} LIMIT ?`;
  return sql.exec(query, ...from, limit).map((raw) => ({ key: text(raw.key), at: int(raw.at) }));
}

/** Deletes rows of a table whose rows nothing else counts. */
export function deleteAged(sql: Sql, { table, key = "id" }: LargeTable, keys: readonly string[]): void {
  const values = key.split(", ").map((_, n) => `value ->> ${n}`);
  const query = `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${values.join(", ")} FROM json_each(?))`;
  for (const list of jsonLists(keys)) sql.exec(query, list);
}
