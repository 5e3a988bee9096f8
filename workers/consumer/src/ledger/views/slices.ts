import type { Tier } from "@prewarm/control-schema/history";
import type { LaneTimes, Percentiles } from "@prewarm/control-schema/words";
import { type Histogram, quantile } from "../../console/tables/histogram.ts";
import {
  emptySlice,
  type Minutes,
  mergeSlice,
  mergeSlices,
  readSlices,
  type Slice,
  TIERS_MS,
} from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";

/** Slices of a tier that begin within a time, with the current minute. */
export function slices(tx: ImageTx, tier: Tier, from: number, to: number): Minutes {
  const ms = TIERS_MS[tier];
  const found = readSlices(tx.sql, tier, from, to);
  const lately = Object.entries(tx.statistics.state.minutes);
  const within = lately.filter(([at]) => Number(at) >= from - (from % ms) && Number(at) - (Number(at) % ms) <= to);
  mergeSlices(found, Object.fromEntries(within), ms);
  return found;
}

/** What happened in the minute before and in the one under way: fresh enough to show within a poll or two that everything has stopped. */
export function ofLate(tx: ImageTx): { sum: Slice; seconds: number } {
  const minute = tx.now - (tx.now % TIERS_MS.minute);
  const sum = sumOf(slices(tx, "minute", minute - TIERS_MS.minute, minute));
  return { sum, seconds: (TIERS_MS.minute + tx.now - minute) / 1000 };
}

/** When the last five minutes and the last hour begin, Unix ms: with the minute under way. */
export function beginnings(now: number): { lately: number; hour: number } {
  const minute = now - (now % TIERS_MS.minute);
  return { lately: minute - 4 * TIERS_MS.minute, hour: minute - 59 * TIERS_MS.minute };
}

/** However they ended. */
export function endedOf({ stored, dead, refused, cancelled }: Slice): number {
  return stored + dead + refused + cancelled;
}

export function sumOf(found: Minutes): Slice {
  const sum = emptySlice();
  for (const slice of Object.values(found)) mergeSlice(sum, slice);
  return sum;
}

export function percentiles(histogram: Histogram): Percentiles {
  return { p50: quantile(histogram, 0.5), p95: quantile(histogram, 0.95), p99: quantile(histogram, 0.99) };
}

/** What was stored of each lane, and how long it took. */
export function timesByLane({ lanes = {} }: Pick<Slice, "lanes">): LaneTimes {
  const of = (times: Histogram = []) => ({ stored: times.reduce((sum, n) => sum + n, 0), ready: percentiles(times) });
  return { live: of(lanes.live), upload: of(lanes.upload), bulk: of(lanes.bulk) };
}
