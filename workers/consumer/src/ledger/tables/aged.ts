import { CANCELLED, DEAD, LIVE, REFUSED } from "./row.ts";
import { ENDED } from "./schema.ts";
import { int, type Sql } from "./sql.ts";

/*
 * Bounded deletes of old rows. No table has an index on a time: the platform bills each entry as a row written, also for a
 * variant that goes well. A small table is read as a whole. A large table is read in the order of its key, slice by slice.
 */

/** The key of a small table, the time (Unix ms) that gives a row's age, and the condition under which a row may go. */
const SMALL = {
  recent: { key: "n", at: "at", over: "1" },
  runs: { key: "n", at: "updated", over: "open = 0 AND cancel_cursor = 0" },
  rejections: { key: "run, n", at: "at", over: "1" },
  events: { key: "n", at: "at", over: "1" },
  actions: { key: "n", at: "ended", over: "ended IS NOT NULL" },
  dead_messages: { key: "id", at: "at", over: "1" },
  hist: { key: "day", at: "(day + 1) * 86400000", over: "1" },
} as const;

export type SmallTable = keyof typeof SMALL;

/** Deletes rows from before a time (Unix ms), and all but the newest `most`. At most `limit` rows. Answers how many. */
export function deleteOld(
  sql: Sql,
  table: SmallTable,
  { before, most, limit }: { before: number; most: number; limit: number },
): number {
  const { key, at, over } = SMALL[table];
  const aged = `SELECT ${key}, ${at} AS aged, ${over} AS done, row_number() OVER (ORDER BY ${at} DESC) AS nth FROM ${table}`;
  const old = `SELECT ${key} FROM (${aged}) WHERE done AND (aged < ?1 OR nth > ?2) LIMIT ?3`;
  return sql.exec(`DELETE FROM ${table} WHERE (${key}) IN (${old}) RETURNING 1`, before, most, limit).length;
}

const ENDED_JOBS = `SELECT id, max(updated, created) AS at FROM jobs WHERE ${ENDED}`;

/** What a sweep reads above a key: keys and the times (Unix ms) that give the rows' age. */
const SWEPT = {
  refused: `${ENDED_JOBS} AND state = ${REFUSED} AND id > ? ORDER BY id LIMIT ?`,
  cancelled: `${ENDED_JOBS} AND state = ${CANCELLED} AND id > ? ORDER BY id LIMIT ?`,
  viewed: `${ENDED_JOBS} AND state = ${DEAD} AND lane = ${LIVE} AND id > ? ORDER BY id LIMIT ?`,
  dead: `${ENDED_JOBS} AND state = ${DEAD} AND lane <> ${LIVE} AND id > ? ORDER BY id LIMIT ?`,
  inbox: "SELECT id, at FROM inbox WHERE id > ? ORDER BY id LIMIT ?",
  // A locked image is in use.
  images: "SELECT id, max(updated, lock) AS at FROM images WHERE id > ? ORDER BY id LIMIT ?",
} as const;

export type Swept = keyof typeof SWEPT;
/** Tables whose rows nothing else counts. */
type Plain = "inbox" | "images";

export interface Aged {
  id: string;
  at: number;
}

export function isSwept(name: SmallTable | Swept): name is Swept {
  return name in SWEPT;
}

export function isPlain(name: Swept): name is Plain {
  return name === "inbox" || name === "images";
}

/** Rows above a key, in the order of keys. "": from the first. */
export function readAged(sql: Sql, name: Swept, above: string, limit: number): Aged[] {
  const key = isPlain(name) ? above : Number(above);
  return sql.exec(SWEPT[name], key, limit).map(({ id, at }) => ({ id: String(id), at: int(at) }));
}

export function deleteAged(sql: Sql, table: Plain, ids: readonly string[]): void {
  sql.exec(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
}
