import type { LaneCode } from "./row.ts";
import { GRANTED, WAITING } from "./schema.ts";
import { int, intOrNull, type Sql, type SqlValue, text } from "./sql.ts";

/*
 * Reads of `jobs` that need no row in hand: counts, times, and the next step down an index. Each is answered by a partial
 * index or by the number; times are Unix ms.
 */

/** Rows that hold a slot. */
export function countGranted(sql: Sql): number {
  return int(sql.exec(`SELECT count(*) AS n FROM jobs WHERE ${GRANTED}`)[0]?.n);
}

const AT_ITTYBIT = `${GRANTED} AND ittybit_job IS NOT NULL`;

/** Jobs that Ittybit has: how many, and how many of them no handler waits for. */
export function countAtIttybit(sql: Sql): { count: number; unowned: number } {
  const query = `SELECT count(*) AS n, sum(owner IS NULL) AS unowned FROM jobs WHERE ${AT_ITTYBIT}`;
  const raw = sql.exec(query)[0];
  return { count: int(raw?.n), unowned: int(raw?.unowned) };
}

/** These jobs by Ittybit's id, the oldest grant first. */
export function listAtIttybit(sql: Sql, limit: number): { ittybitJob: string; submittedAt: number }[] {
  const query = `SELECT ittybit_job, submitted_at FROM jobs WHERE ${AT_ITTYBIT} ORDER BY granted_at LIMIT ?`;
  return sql
    .exec(query, limit)
    .map((raw) => ({ ittybitJob: text(raw.ittybit_job), submittedAt: int(raw.submitted_at) }));
}

/** First times among granted rows without an owner; null when there is none. */
export interface GrantedTimes {
  /** A job that Ittybit has is due to be looked at. */
  look: number | null;
  /** A row without a job is due to ask Ittybit again. */
  ask: number | null;
  /** The oldest job was submitted. */
  submitted: number | null;
}

export function grantedTimes(sql: Sql): GrantedTimes {
  const unowned = `FROM jobs WHERE ${GRANTED} AND owner IS NULL`;
  return {
    look: time(sql, `SELECT min(max(due, hold)) AS at ${unowned} AND ittybit_job IS NOT NULL`),
    ask: time(sql, `SELECT min(max(due, hold)) AS at ${unowned} AND ittybit_job IS NULL`),
    submitted: time(sql, `SELECT min(submitted_at) AS at ${unowned} AND ittybit_job IS NOT NULL`),
  };
}

/** The first run above `after` with waiting rows in this lane: one step down the index. */
export function nextWaitingRun(sql: Sql, lane: LaneCode, after: number): number | null {
  const query = `SELECT run FROM jobs WHERE ${WAITING} AND lane = ? AND run > ? ORDER BY run LIMIT 1`;
  return intOrNull(sql.exec(query, lane, after)[0]?.run);
}

/** When the first waiting row of a run is due; with `after`, the first that is due later than that. */
export function firstDue(sql: Sql, lane: LaneCode, run: number, after?: number): number | null {
  const query = `SELECT min(due) AS at FROM jobs WHERE ${WAITING} AND lane = ? AND run = ?`;
  return after === undefined ? time(sql, query, lane, run) : time(sql, `${query} AND due > ?`, lane, run, after);
}

/** When the row that is due first among a run's waiting ones was ordered. */
export function firstOrdered(sql: Sql, lane: LaneCode, run: number): number | null {
  const query = `SELECT created AS at FROM jobs WHERE ${WAITING} AND lane = ? AND run = ? ORDER BY due LIMIT 1`;
  return time(sql, query, lane, run);
}

/** What is needed to tell whether a row is old. */
export interface Aged {
  seq: number;
  state: number;
  lane: number;
  /** When it last changed. */
  at: number;
}

/** The rows after a number, in the order of arrival. */
export function readAged(sql: Sql, after: number, limit: number): Aged[] {
  const query = "SELECT seq, state, lane, updated, created FROM jobs WHERE seq > ? ORDER BY seq LIMIT ?";
  return sql.exec(query, after, limit).map((raw) => ({
    seq: int(raw.seq),
    state: int(raw.state),
    lane: int(raw.lane),
    at: Math.max(int(raw.updated), int(raw.created)),
  }));
}

/** Forgets every message that is believed under way. */
export function dropHolds(sql: Sql): void {
  sql.exec("UPDATE jobs SET hold = 0, sends = 0 WHERE hold > 0");
}

function time(sql: Sql, query: string, ...params: SqlValue[]): number | null {
  return intOrNull(sql.exec(query, ...params)[0]?.at);
}
