import { getDoc, putDoc } from "./docs.ts";
import { countedAs, type LaneCode, type StateCode } from "./row.ts";
import { int, type Sql } from "./sql.ts";

/** Jobs by counted state and lane, as one document: `"<state> <lane>"` to a number. Of stored ones all that there ever were. */
export type Counts = Record<string, number>;

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

export function listCounts(counts: Counts): Count[] {
  return Object.entries(counts).map(([place, n]) => {
    const [state, lane] = place.split(" ");
    return { state: Number(state) as StateCode, lane: Number(lane) as LaneCode, n };
  });
}

/** The counts that are folded. */
export function readCounts(sql: Sql): Counts {
  const body = getDoc(sql, "counts");
  return body === null ? {} : (JSON.parse(body) as Counts);
}

export function foldCounts(sql: Sql, moves: Counts): void {
  if (Object.values(moves).every((n) => n === 0)) return;
  const counts = readCounts(sql);
  mergeCounts(counts, moves);
  putDoc(sql, "counts", JSON.stringify(counts));
}

/** The counts as the rows have them; stored ones have no rows. Reads the whole table of jobs, about 120 ms a million rows. */
export function countRows(sql: Sql): Counts {
  const counts: Counts = {};
  const query = "SELECT state, lane, attempts > 0 AS failed, count(*) AS n FROM jobs GROUP BY 1, 2, 3";
  for (const raw of sql.exec(query)) {
    const state = countedAs({ state: int(raw.state) as StateCode, attempts: int(raw.failed) });
    addCount(counts, state, int(raw.lane) as LaneCode, int(raw.n));
  }
  return counts;
}
