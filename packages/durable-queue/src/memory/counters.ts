import { getDoc, putDoc } from "../tables/meta.ts";
import { countedAs, type LaneCode, OPEN_CODES, type StateCode } from "../tables/row.ts";
import { int, type Sql } from "../tables/sql.ts";

/**
 * Jobs by counted state and lane, as one document: `"<state> <lane>"` to a number. The count of stored jobs includes
 * deleted rows.
 */
export type Counts = Record<string, number>;

const MONTH_CHARS = "2026-11".length;
const DAY_CHARS = "2026-11-25".length;
const MONTHS_KEPT = 2;

/** Jobs of one counted state and lane. */
export interface Count {
  state: StateCode;
  lane: LaneCode;
  n: number;
}

export function addCount(counts: Counts, state: StateCode, lane: LaneCode, n: number): void {
  const place = `${state} ${lane}`;
  counts[place] = (counts[place] ?? 0) + n;
}

/** Adds counts to others in place. */
export function mergeCounts(into: Counts, from: Counts): void {
  for (const [place, n] of Object.entries(from)) into[place] = (into[place] ?? 0) + n;
}

/** A count for a view. A negative count is wrong; an examination counts it again. */
export function shownCount(n: number): number {
  return Math.max(0, n);
}

export function listCounts(counts: Counts): Count[] {
  return Object.entries(counts).map(([place, n]) => {
    const [state, lane] = place.split(" ");
    return { state: Number(state) as StateCode, lane: Number(lane), n };
  });
}

/** Whether the jobs of a count are open. */
export function areOpen({ state }: Count): boolean {
  return OPEN_CODES.some((code: StateCode) => code === state);
}

/** Granted jobs by day (UTC) and lane: `"2026-11-25 default"` to a number. */
export type Used = Record<string, number>;

/** Counts `n` grants of a lane on a day (`2026-11-25`). */
export function addUse(used: Used, day: string, lane: string, n: number): void {
  const place = `${day} ${lane}`;
  used[place] = (used[place] ?? 0) + n;
}

/** Grants of a month (`2026-11`) or a day (`2026-11-25`), by the names of the lanes that have any. */
export function usedIn(used: Used, period: string): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [place, n] of Object.entries(used)) {
    if (!place.startsWith(period)) continue;
    const lane = place.slice(DAY_CHARS + 1);
    sum[lane] = (sum[lane] ?? 0) + n;
  }
  return sum;
}

/** Grants of each day (`2026-11-25`) of a month that has any, by lane. */
export function usedByDay(used: Used, month: string): Record<string, Record<string, number>> {
  const places = Object.keys(used).filter((place) => place.startsWith(month));
  const days = new Set(places.map((place) => place.slice(0, DAY_CHARS)));
  return Object.fromEntries([...days].sort().map((day) => [day, usedIn(used, day)]));
}

/** The counts, as one document, so that a transaction writes one row for all of them. */
export interface Counters {
  jobs: Counts;
  /** The admissions of this month and of the month before. */
  used: Used;
}

/** The document of the counts, kept in memory and written through: every call reads it. */
export class CountersDoc {
  readonly state: Counters;

  constructor(sql: Sql) {
    const body = getDoc(sql, "counts");
    this.state = body === null ? { jobs: {}, used: {} } : (JSON.parse(body) as Counters);
  }

  /** Adds the changes of a transaction. */
  add(sql: Sql, { jobs, used }: Counters): void {
    if (Object.keys(jobs).length === 0 && Object.keys(used).length === 0) return;
    const counters = this.state;
    mergeCounts(counters.jobs, jobs);
    mergeCounts(counters.used, used);
    counters.used = lastMonths(counters.used);
    putDoc(sql, "counts", JSON.stringify(counters));
  }
}

function lastMonths(used: Used): Used {
  const months = [...new Set(Object.keys(used).map((place) => place.slice(0, MONTH_CHARS)))].sort();
  const kept = new Set(months.slice(-MONTHS_KEPT));
  return Object.fromEntries(Object.entries(used).filter(([place]) => kept.has(place.slice(0, MONTH_CHARS))));
}

/** Whether the queue has at most so many rows of jobs and further subscribers. */
export function hasFewRows(sql: Sql, most: number): boolean {
  const all = "SELECT 1 FROM jobs UNION ALL SELECT 1 FROM joins";
  return int(sql.exec(`SELECT count(*) AS n FROM (${all} LIMIT ?)`, most + 1)[0]?.n) <= most;
}

/** The counts by the rows. Stored jobs have none. Reads the table as a whole. */
export function countRows(sql: Sql): Counts {
  const counts: Counts = {};
  const query = "SELECT state, lane, attempts > 0 AS failed, count(*) AS n FROM jobs GROUP BY 1, 2, 3";
  for (const raw of sql.exec(query)) {
    const state = countedAs({ state: int(raw.state) as StateCode, attempts: int(raw.failed) });
    addCount(counts, state, int(raw.lane), int(raw.n));
  }
  return counts;
}
