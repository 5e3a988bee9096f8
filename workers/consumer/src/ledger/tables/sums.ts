import { type Counts, foldCounts, mergeCounts, type Used } from "./counters.ts";
import { addTo } from "./histogram.ts";
import { addMinutes, eventsIn, type Minutes, mergeSlices, TIERS_MS } from "./history.ts";
import { addRecent, type Stored } from "./recent.ts";
import { STATE_CODES } from "./row.ts";
import type { RunMove, Runs } from "./runs.ts";
import type { Sql } from "./sql.ts";

/*
 * What follows from a job's change besides its row: counts, its runs' counts, the history and the list of stored jobs. A handler's
 * are added up in its own document and folded into their tables when it leaves, so that they cost rows a shift and not rows a job.
 */

export interface Sums {
  counts: Counts;
  used: Used;
  /** By the run's number. */
  runs: Record<number, RunMove>;
  minutes: Minutes;
  recent: Stored[];
}

export function emptySums(): Sums {
  return { counts: {}, used: {}, runs: {}, minutes: {}, recent: [] };
}

export function isEmptySums({ counts, used, runs, minutes, recent }: Sums): boolean {
  return recent.length === 0 && [counts, used, runs, minutes].every((part) => Object.keys(part).length === 0);
}

export function moveOf(sums: Sums, run: number): RunMove {
  sums.runs[run] ??= { states: Array<number>(STATE_CODES).fill(0), existing: 0, ready: [] };
  return sums.runs[run];
}

/** Adds sums to others in place. */
export function mergeSums(into: Sums, from: Sums): void {
  mergeCounts(into.counts, from.counts);
  mergeCounts(into.used, from.used);
  for (const [n, { states, existing, ready }] of Object.entries(from.runs)) {
    const move = moveOf(into, Number(n));
    states.forEach((count, code) => {
      move.states[code] = (move.states[code] ?? 0) + count;
    });
    move.existing += existing;
    addTo(move.ready, ready);
  }
  mergeSlices(into.minutes, from.minutes, TIERS_MS.minute);
  into.recent.push(...from.recent);
}

/** Writes sums into their tables. */
export function foldSums(sql: Sql, runs: Runs, sums: Sums): void {
  foldCounts(sql, sums.counts, sums.used, eventsIn(sums.minutes));
  for (const [n, move] of Object.entries(sums.runs)) runs.apply(Number(n), move);
  addMinutes(sql, sums.minutes);
  addRecent(sql, sums.recent);
}
