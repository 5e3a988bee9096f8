import { LANES, type Lane } from "@prewarm/shared/job";
import type { Totals } from "../contract.ts";
import { getDoc, putDoc } from "./docs.ts";
import { countedAs, type LaneCode, type StateCode } from "./row.ts";
import { int, type Sql } from "./sql.ts";

/**
 * Jobs by counted state and lane, as one document: `"<state> <lane>"` to a number. The count of stored jobs includes
 * deleted rows.
 */
export type Counts = Record<string, number>;

const MONTH_CHARS = "2026-11".length;
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

/** A count for a view. A negative count is wrong; the doctor counts it again. */
export function shownCount(n: number): number {
  return Math.max(0, n);
}

export function listCounts(counts: Counts): Count[] {
  return Object.entries(counts).map(([place, n]) => {
    const [state, lane] = place.split(" ");
    return { state: Number(state) as StateCode, lane: Number(lane) as LaneCode, n };
  });
}

/** Granted jobs by day (UTC) and lane: `"2026-11-25 live"` to a number. */
export type Used = Record<string, number>;

/** Grants of a month (`2026-11`) or a day (`2026-11-25`), by lane. */
export function usedIn(used: Used, period: string): Record<Lane, number> {
  const sum: Record<Lane, number> = { live: 0, upload: 0, bulk: 0 };
  for (const [place, n] of Object.entries(used)) {
    if (!place.startsWith(period)) continue;
    const lane = LANES.find((each) => place.endsWith(each));
    if (lane !== undefined) sum[lane] += n;
  }
  return sum;
}

/** The folded sums. They are one document, so that they are one row. */
export interface Folded {
  jobs: Counts;
  /** The grants of this month and of the month before. */
  used: Used;
  /** Events since the ledger was created, or since it began to count them. */
  totals?: Partial<Totals>;
}

export function readFolded(sql: Sql): Folded {
  const body = getDoc(sql, "counts");
  return body === null ? { jobs: {}, used: {} } : (JSON.parse(body) as Folded);
}

/** The folded number of each event. */
export function readTotals(sql: Sql): Counts {
  return { ...readFolded(sql).totals };
}

export function foldCounts(sql: Sql, jobs: Counts, used: Used, totals: Totals): void {
  if ([jobs, used, totals].flatMap((part) => Object.values(part)).every((n) => n === 0)) return;
  const folded = readFolded(sql);
  mergeCounts(folded.jobs, jobs);
  mergeCounts(folded.used, used);
  folded.totals ??= {};
  mergeCounts(folded.totals as Counts, totals);
  const months = [...new Set(Object.keys(folded.used).map((place) => place.slice(0, MONTH_CHARS)))].sort();
  const kept = new Set(months.slice(-MONTHS_KEPT));
  folded.used = Object.fromEntries(
    Object.entries(folded.used).filter(([place]) => kept.has(place.slice(0, MONTH_CHARS))),
  );
  putDoc(sql, "counts", JSON.stringify(folded));
}

/** The counts by the rows. Stored jobs have no rows. Reads the whole table of jobs, about 120 ms per million rows. */
export function countRows(sql: Sql): Counts {
  const counts: Counts = {};
  const query = "SELECT state, lane, attempts > 0 AS failed, count(*) AS n FROM jobs GROUP BY 1, 2, 3";
  for (const raw of sql.exec(query)) {
    const state = countedAs({ state: int(raw.state) as StateCode, attempts: int(raw.failed) });
    addCount(counts, state, int(raw.lane) as LaneCode, int(raw.n));
  }
  return counts;
}
