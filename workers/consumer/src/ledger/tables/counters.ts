import type { Tier } from "../contract.ts";
import { addTo, type Histogram, observe } from "./histogram.ts";
import type { Change } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { text } from "./sql.ts";

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

/** Counts by state and lane, and the history, of one transaction: added up in memory, written once. */
export class Counters {
  readonly #sql: Sql;
  readonly #at: number;
  readonly #moves = new Map<string, number>();
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
    for (const [place, n] of this.#moves) {
      if (n === 0) continue;
      const [state = "0", lane = "0"] = place.split(" ");
      this.#sql.exec(
        "INSERT INTO counters VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3",
        Number(state),
        Number(lane),
        n,
      );
    }
    if (this.#slice !== null) addSlice(this.#sql, TIERS_MS.minute, this.#at, this.#slice);
  }

  #add(state: number, lane: number, n: number): void {
    const place = `${state} ${lane}`;
    this.#moves.set(place, (this.#moves.get(place) ?? 0) + n);
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
    "INSERT INTO hist VALUES (?1, ?2, ?3) ON CONFLICT (tier, at) DO UPDATE SET body = ?3",
    tier,
    at,
    JSON.stringify(sum),
  );
}
