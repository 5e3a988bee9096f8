import { type LaneCode, type Row, URGENT } from "./row.ts";
import { HAS_DUE, TAKES_TURNS } from "./schema.ts";
import { int, intOrNull, type Sql, type SqlValue } from "./sql.ts";

/*
 * Open jobs by their due time, then by their arrival. Jobs that are being made are among them.
 *
 * `LIMIT +?`: SQLite looks at the value of a bare `LIMIT ?` when it plans a query, so it plans again at each call. That
 * takes several times as long as these queries do (3.53, measured).
 */

/** A line of jobs: those that a run asked for first in a lane that is not urgent (run 0: no run), or all of a lane (null). */
export interface Line {
  lane: LaneCode;
  run: number | null;
}

/** The place of a job in its line. */
export type Place = Pick<Row, "due" | "gen">;

/** A job in its line. */
export interface InLine extends Place {
  id: number;
  due: number;
}

const START: Place = { due: -1, gen: 0 };

/** The line in which a job waits. */
export function lineOf({ lane, run }: Pick<Row, "lane" | "run">): Line {
  return { lane, run: lane === URGENT ? null : run };
}

/** The next jobs of a line that are due by a time (Unix ms), behind a place or from the first. */
export function dueIn(sql: Sql, line: Line, now: number, limit: number, after: Place = START): InLine[] {
  const [where, values] = conditionOf(line);
  const query = `SELECT id, due, gen FROM jobs WHERE ${where} AND (due, gen) > (?, ?) AND due <= ? ORDER BY due, gen LIMIT +?`;
  return sql.exec(query, ...values, after.due, after.gen, now, limit).map((raw) => ({
    id: int(raw.id),
    due: int(raw.due),
    gen: int(raw.gen),
  }));
}

/** The number of jobs of a line before a place, at most `limit`. */
export function countBefore(sql: Sql, line: Line, { due, gen }: Place, limit: number): number {
  const [where, values] = conditionOf(line);
  const some = `SELECT 1 FROM jobs WHERE ${where} AND (due, gen) < (?, ?) LIMIT +?`;
  return int(sql.exec(`SELECT count(*) AS n FROM (${some})`, ...values, due, gen, limit)[0]?.n);
}

/** The next runs of a lane above a number that have a job due by a time (Unix ms), in the order of their numbers. */
export function runsDue(sql: Sql, lane: LaneCode, above: number, now: number, limit: number): number[] {
  // Each step seeks the next run, because a run may have a million jobs.
  const next = (from: string) =>
    `SELECT run FROM jobs WHERE ${TAKES_TURNS} AND lane = ?1 AND run > ${from} ORDER BY run LIMIT 1`;
  const isDue = `SELECT 1 FROM jobs WHERE ${TAKES_TURNS} AND lane = ?1 AND run = line.n AND due <= ?3`;
  const query = `WITH RECURSIVE line (n) AS
    (SELECT (${next("?2")}) UNION ALL SELECT (${next("line.n")}) FROM line WHERE n IS NOT NULL)
    SELECT n FROM line WHERE n IS NOT NULL AND EXISTS (${isDue}) LIMIT +?4`;
  return sql.exec(query, lane, above, now, limit).map(({ n }) => int(n));
}

/** The first jobs of a lane, whether they are due or not. */
export function firstIn(sql: Sql, lane: LaneCode, limit: number): InLine[] {
  return dueIn(sql, { lane, run: null }, Number.MAX_SAFE_INTEGER, limit);
}

/** When the first job of a run that failed before is due, among the first `limit` of its lane, Unix ms. */
export function nextRetryOf(sql: Sql, run: Line, limit: number): number | null {
  const [where, values] = conditionOf(run);
  const some = `SELECT due, attempts FROM jobs WHERE ${where} ORDER BY due LIMIT +?`;
  return intOrNull(sql.exec(`SELECT min(due) AS at FROM (${some}) WHERE attempts > 0`, ...values, limit)[0]?.at);
}

function conditionOf({ lane, run }: Line): [where: string, values: SqlValue[]] {
  return run === null ? [`${HAS_DUE} AND lane = ?`, [lane]] : [`${TAKES_TURNS} AND lane = ? AND run = ?`, [lane, run]];
}
