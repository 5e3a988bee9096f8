import type { LaneCode } from "./row.ts";
import { HAS_DUE, IS_RETRIED } from "./schema.ts";
import { int, intOrNull, type Sql } from "./sql.ts";

/*
 * Touched rows by their due time.
 */

/** Ids of a lane's rows that are due, the longest overdue first. */
export function dueIds(sql: Sql, lane: LaneCode, now: number, limit: number): number[] {
  const query = `SELECT id FROM jobs WHERE ${HAS_DUE} AND lane = ? AND due <= ? ORDER BY due LIMIT ?`;
  return sql.exec(query, lane, now, limit).map((raw) => int(raw.id));
}

/** The same of the rows that a run asked for first, in a lane that is not urgent. */
export function dueIdsOf(sql: Sql, run: number, lane: LaneCode, now: number, limit: number): number[] {
  const query = `SELECT id FROM jobs WHERE ${IS_RETRIED} AND run = ? AND lane = ? AND due <= ? ORDER BY due LIMIT ?`;
  return sql.exec(query, run, lane, now, limit).map((raw) => int(raw.id));
}

/** The number of rows of a lane that are due before a time, at most `limit`. */
export function countDue(sql: Sql, lane: LaneCode, before: number, limit: number): number {
  const some = `SELECT 1 FROM jobs WHERE ${HAS_DUE} AND lane = ? AND due < ? LIMIT ?`;
  return int(sql.exec(`SELECT count(*) AS n FROM (${some})`, lane, before, limit)[0]?.n);
}

/** When the first row of a run that failed before is due, among `limit` of its lane, Unix ms. */
export function nextRetryOf(sql: Sql, lane: LaneCode, run: number, limit: number): number | null {
  const some = `SELECT due, run, attempts FROM jobs WHERE ${HAS_DUE} AND lane = ? LIMIT ?`;
  return intOrNull(
    sql.exec(`SELECT min(due) AS at FROM (${some}) WHERE run = ? AND attempts > 0`, lane, limit, run)[0]?.at,
  );
}

/** When the first of a lane's rows is due, Unix ms. */
export function nextDueAt(sql: Sql, lane: LaneCode): number | null {
  return intOrNull(sql.exec(`SELECT min(due) AS at FROM jobs WHERE ${HAS_DUE} AND lane = ?`, lane)[0]?.at);
}

/** When the row of a lane that is due first was ordered, Unix ms. */
export function firstDueOrdered(sql: Sql, lane: LaneCode): number | null {
  const query = `SELECT created FROM jobs WHERE ${HAS_DUE} AND lane = ? ORDER BY due LIMIT 1`;
  return intOrNull(sql.exec(query, lane)[0]?.created);
}
