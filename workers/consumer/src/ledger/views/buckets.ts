import type { Answer } from "@prewarm/control-schema/calls";
import type { HistoryBucket, Tier } from "@prewarm/control-schema/history";
import type { Slice } from "../../console/tables/history.ts";
import { TIERS_MS } from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { GivenTo } from "../given-to.ts";
import { percentiles, slices, timesByLane } from "./slices.ts";

/** Buckets shown when the caller names no range. */
const BUCKETS: Record<Tier, number> = { minute: 60, hour: 24, day: 30 };
/** Buckets in one answer. */
const BUCKETS_MAX = 10_080;

type Call = "GET /api/v1/history";

/** The past in buckets, one for every step, so that a chart shows silence as silence. */
export function getHistory(tx: ImageTx, { tier, from, to }: GivenTo<Call>): Answer<Call> {
  const step = TIERS_MS[tier];
  const range = rangeOf(tier, from, to ?? tx.now);
  const found = slices(tx, tier, range.from, range.to);
  const buckets: HistoryBucket[] = [];
  for (let at = range.from; at <= range.to; at += step) {
    const slice = found[at];
    const bucket = slice === undefined ? emptyBucket(at) : bucketOf(at, slice);
    buckets.push({ ...bucket, filling: at + step > tx.now });
  }
  return { tier, bucketMs: step, buckets };
}

function rangeOf(tier: Tier, from: number | undefined, to: number): { from: number; to: number } {
  const step = TIERS_MS[tier];
  const last = Math.floor(to / step) * step;
  const first = from === undefined ? last - (BUCKETS[tier] - 1) * step : Math.floor(from / step) * step;
  return { from: Math.max(first, last - (BUCKETS_MAX - 1) * step), to: last };
}

function bucketOf(at: number, slice: Slice): Omit<HistoryBucket, "filling"> {
  const { accepted, stored, failed, dead, refused, throttled, wait, run, oldest, open } = slice;
  const times = { wait: percentiles(wait), run: percentiles(run), lanes: timesByLane(slice) };
  return { at, accepted, stored, failed, dead, refused, throttled, ...times, oldestMs: oldest, open };
}

function emptyBucket(at: number): Omit<HistoryBucket, "filling"> {
  const counts = { accepted: 0, stored: 0, failed: 0, dead: 0, refused: 0, throttled: 0 };
  const times = { wait: percentiles([]), run: percentiles([]), lanes: timesByLane({}) };
  return { at, ...counts, ...times, oldestMs: null, open: null };
}
