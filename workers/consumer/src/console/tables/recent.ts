import { int, type JobKey, type LaneCode, type Sql, text } from "@prewarm/durable-queue";

/** A stored job, for views after its row is deleted. */
export interface Stored extends JobKey {
  id: number;
  gen: number;
  /** Unix ms when it was ordered, and when it was stored. */
  created: number;
  at: number;
  bytes: number;
  lane: LaneCode;
  /** Number of the first run. 0: no run. */
  run: number;
  attempts: number;
  /** When its last POST was granted, Unix ms, and how long the service worked, ms. 0: not known. */
  granted: number;
  took: number;
  /** External jobs that were paid for it: its own, and those of failed attempts. */
  paid: number;
}

/** Maximum of jobs per row and of characters per row. */
const ROW_JOBS = 500;
const ROW_CHARS = 50_000;
/** Jobs per statement. */
const ADDED_AT_ONCE = 20;
/** Maximum of rows. A new row deletes the oldest beyond it, so that no read grows with the jobs of a day. */
export const RECENT_ROWS_MAX = 2_000;

type Packed = [
  number,
  string,
  string,
  number,
  number,
  number,
  number,
  LaneCode,
  number,
  number,
  number,
  number,
  number,
];

/** Adds stored jobs to the newest row, or to a new row if that one is full. */
export function addRecent(sql: Sql, stored: readonly Stored[]): void {
  for (let from = 0; from < stored.length; from += ADDED_AT_ONCE) {
    const part = stored.slice(from, from + ADDED_AT_ONCE);
    const at = part.at(-1)?.at ?? 0;
    const body = JSON.stringify(part.map(pack));
    const newest = "n = (SELECT max(n) FROM recent)";
    const hasRoom = `json_array_length(body) + ?3 <= ${ROW_JOBS} AND length(body) + length(?2) <= ${ROW_CHARS}`;
    const grown = "substr(body, 1, length(body) - 1) || ',' || substr(?2, 2)";
    const query = `UPDATE recent SET at = ?1, body = ${grown} WHERE ${newest} AND ${hasRoom} RETURNING n`;
    if (sql.exec(query, at, body, part.length).length > 0) continue;
    sql.exec("INSERT INTO recent (at, body) VALUES (?, ?)", at, body);
    sql.exec("DELETE FROM recent WHERE n <= (SELECT max(n) FROM recent) - ?", RECENT_ROWS_MAX);
  }
}

/** Rows of stored jobs, the newest first, below a row's number. */
export function readRecent(sql: Sql, below: number, limit: number): { n: number; stored: Stored[] }[] {
  return sql
    .exec("SELECT n, body FROM recent WHERE n < ? ORDER BY n DESC LIMIT ?", below, limit)
    .map((raw) => ({ n: int(raw.n), stored: (JSON.parse(text(raw.body)) as Packed[]).map(unpack) }));
}

/**
 * Jobs of a group that were stored since a time (Unix ms), searched in the newest `rows` rows. SQLite passes over rows
 * without the group.
 */
export function readRecentOf(sql: Sql, group: string, since: number, rows: number): Stored[] {
  const newest = "SELECT n, at, body FROM recent ORDER BY n DESC LIMIT ?1";
  const query = `SELECT body FROM (${newest}) WHERE at >= ?2 AND instr(body, ?3) > 0 ORDER BY n`;
  const packed = sql
    .exec(query, rows, since, `,${JSON.stringify(group)},`)
    .flatMap((raw) => JSON.parse(text(raw.body)) as Packed[]);
  return packed.filter(([, packedGroup]) => packedGroup === group).map(unpack);
}

/** The row that lists the first job that was stored at or after a time (Unix ms). 0: there is none. */
export function firstRecentAt(sql: Sql, at: number): number {
  return int(sql.exec("SELECT coalesce(min(n), 0) AS n FROM recent WHERE at >= ?", at)[0]?.n);
}

/** The newest row, and how many jobs it has. `row` 0: there is no row. */
export function endOfRecent(sql: Sql): { row: number; jobs: number } {
  const raw = sql.exec("SELECT n, json_array_length(body) AS jobs FROM recent ORDER BY n DESC LIMIT 1")[0];
  return { row: int(raw?.n), jobs: int(raw?.jobs) };
}

/** Rows of stored jobs from one number to another, both included, the oldest first. */
export function readRecentSpan(
  sql: Sql,
  { from, to }: { from: number; to: number },
  limit: number,
): { n: number; stored: Stored[] }[] {
  return sql
    .exec("SELECT n, body FROM recent WHERE n >= ? AND n <= ? ORDER BY n LIMIT ?", from, to, limit)
    .map((raw) => ({ n: int(raw.n), stored: (JSON.parse(text(raw.body)) as Packed[]).map(unpack) }));
}

/** The last storing of a job, searched in the newest rows only. Null: they do not contain it. */
export function findRecent(sql: Sql, id: number, rows: number): Stored | null {
  const newest = "SELECT n, body FROM recent ORDER BY n DESC LIMIT ?2";
  const query = `SELECT body FROM (${newest}) WHERE instr(body, ?1) > 0 ORDER BY n DESC LIMIT 1`;
  const raw = sql.exec(query, `[${id},"`, rows)[0];
  const found = raw === undefined ? [] : (JSON.parse(text(raw.body)) as Packed[]).filter((packed) => packed[0] === id);
  const last = found.at(-1);
  return last === undefined ? null : unpack(last);
}

function pack({ id, group, part, gen, created, at, bytes, lane, run, attempts, granted, took, paid }: Stored): Packed {
  return [id, group, part, gen, created, at, bytes, lane, run, attempts, granted, took, paid];
}

function unpack([id, group, part, gen, created, at, bytes, lane, run, attempts, granted, took, paid]: Packed): Stored {
  return { id, group, part, gen, created, at, bytes, lane, run, attempts, granted, took, paid };
}
