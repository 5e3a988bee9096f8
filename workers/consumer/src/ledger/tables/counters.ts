import type { Tier } from "../contract.ts";
import { addTo, type Histogram, observe } from "./histogram.ts";
import { STORED } from "./row.ts";
import type { Change } from "./rows.ts";
import { int, type Sql, type SqlRow, text } from "./sql.ts";

/** Tiers of the history, by their length in ms. */
export const TIERS_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** What happened in one minute, hour or day. */
export interface Slice {
  accepted: number;
  stored: number;
  failed: number;
  dead: number;
  refused: number;
  cancelled: number;
  throttled: number;
  /** From order to first grant. */
  wait: Histogram;
  /** From submission to stored. */
  run: Histogram;
  /** From order to stored. */
  ready: Histogram;
}

export type Event = Exclude<keyof Slice, "wait" | "run" | "ready">;

/** Jobs of one state and lane. */
export interface Count {
  state: number;
  lane: number;
  n: number;
}

/** Counts by state and lane, and the history, of one transaction: added up in memory, written once. */
export class Counters {
  readonly #sql: Sql;
  readonly #at: number;
  readonly #moves = new Map<string, Count>();
  #slice: Slice | null = null;

  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#at = now - (now % TIERS_MS.minute);
  }

  move({ before, after }: Change): void {
    if (before?.state === after?.state && before?.lane === after?.lane) return;
    if (before) this.#add(before.state, before.lane, -1);
    if (after) this.#add(after.state, after.lane, 1);
  }

  /** Counts rows that were deleted without being loaded. */
  gone(state: number, lane: number, n: number): void {
    this.#add(state, lane, -n);
  }

  count(event: Event, n = 1): void {
    this.#open()[event] += n;
  }

  time(kind: "wait" | "run" | "ready", ms: number): void {
    observe(this.#open()[kind], Math.max(0, ms));
  }

  flush(): void {
    for (const { state, lane, n } of this.#moves.values()) {
      if (n === 0) continue;
      this.#sql.exec(
        "INSERT INTO counters (state, lane, n) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3",
        ...[state, lane, n],
      );
    }
    if (this.#slice !== null) addSlice(this.#sql, TIERS_MS.minute, this.#at, this.#slice);
  }

  #add(state: number, lane: number, n: number): void {
    const place = `${state} ${lane}`;
    this.#moves.set(place, { state, lane, n: (this.#moves.get(place)?.n ?? 0) + n });
  }

  #open(): Slice {
    this.#slice ??= emptySlice();
    return this.#slice;
  }
}

export function emptySlice(): Slice {
  return {
    accepted: 0,
    stored: 0,
    failed: 0,
    dead: 0,
    refused: 0,
    cancelled: 0,
    throttled: 0,
    wait: [],
    run: [],
    ready: [],
  };
}

/** Adds one slice into another, in place. */
export function mergeSlice(into: Slice, from: Slice): void {
  for (const event of ["accepted", "stored", "failed", "dead", "refused", "cancelled", "throttled"] as const)
    into[event] += from[event];
  for (const kind of ["wait", "run", "ready"] as const) addTo(into[kind], from[kind]);
}

/** Adds a slice to the row of its tier (in ms) and beginning. */
export function addSlice(sql: Sql, tier: number, at: number, slice: Slice): void {
  const known = sql.exec("SELECT body FROM hist WHERE tier = ? AND at = ?", tier, at)[0];
  const sum = known === undefined ? emptySlice() : (JSON.parse(text(known.body)) as Slice);
  mergeSlice(sum, slice);
  sql.exec(
    "INSERT INTO hist (tier, at, body) VALUES (?1, ?2, ?3) ON CONFLICT (tier, at) DO UPDATE SET body = ?3",
    tier,
    at,
    JSON.stringify(sum),
  );
}

/** A slice with its beginning, Unix ms. */
export interface SliceAt {
  at: number;
  slice: Slice;
}

/** Slices of a tier (in ms), from and to inclusive. */
export function readSlices(sql: Sql, tier: number, from: number, to: number): SliceAt[] {
  return sql.exec("SELECT at, body FROM hist WHERE tier = ? AND at >= ? AND at <= ?", tier, from, to).map(sliceFrom);
}

/** Takes the oldest slices that began before a time out of a tier; at most 500. */
export function takeSlices(sql: Sql, tier: number, before: number): SliceAt[] {
  const query = "SELECT at, body FROM hist WHERE tier = ? AND at < ? ORDER BY at LIMIT 500";
  const slices = sql.exec(query, tier, before).map(sliceFrom);
  for (const { at } of slices) sql.exec("DELETE FROM hist WHERE tier = ? AND at = ?", tier, at);
  return slices;
}

function sliceFrom(raw: SqlRow): SliceAt {
  return { at: int(raw.at), slice: JSON.parse(text(raw.body)) as Slice };
}

/** All counts. */
export function readCounts(sql: Sql): Count[] {
  return sql.exec("SELECT state, lane, n FROM counters").map(countFrom);
}

/** The counts of open states. */
export function readOpenCounts(sql: Sql): Count[] {
  return sql.exec("SELECT state, lane, n FROM counters WHERE state < ?", STORED).map(countFrom);
}

/** Counts that differ from the rows, as they should be. Reads the whole table of jobs, about 120 ms a million rows. */
export function wrongCounts(sql: Sql): Count[] {
  return sql
    .exec(
      `WITH real AS (SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane)
       SELECT state, lane, real.n AS n FROM real LEFT JOIN counters USING (state, lane) WHERE counters.n IS NOT real.n
       UNION ALL
       SELECT state, lane, 0 FROM counters LEFT JOIN real USING (state, lane) WHERE real.n IS NULL AND counters.n <> 0`,
    )
    .map(countFrom);
}

export function setCount(sql: Sql, { state, lane, n }: Count): void {
  sql.exec(
    "INSERT INTO counters (state, lane, n) VALUES (?1, ?2, ?3) ON CONFLICT (state, lane) DO UPDATE SET n = ?3",
    ...[state, lane, n],
  );
}

function countFrom(raw: SqlRow): Count {
  return { state: int(raw.state), lane: int(raw.lane), n: int(raw.n) };
}
