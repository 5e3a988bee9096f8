import type { HistoryBucket, Tier } from "@prewarm/control-schema/history";
import type { CountedBucket } from "../ledger/calls.ts";
import type { Resource } from "./endpoint.ts";

const BUCKET_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Buckets shown when the caller names no range. */
const BUCKETS: Record<Tier, number> = { minute: 60, hour: 24, day: 30 };
/** Buckets in one answer. */
const BUCKETS_MAX = 10_080;

export const history = {
  "GET /api/v1/history": async ({ query: { tier, from, to } }, { ledger, clock }) => {
    const now = clock.now();
    const range = rangeOf(tier, from, to, now);
    const found = await ledger.history(tier, range.from, range.to);
    return { tier, bucketMs: BUCKET_MS[tier], buckets: filled(found, tier, range, now) };
  },
} satisfies Resource;

function rangeOf(
  tier: Tier,
  from: number | undefined,
  to: number | undefined,
  now: number,
): { from: number; to: number } {
  const step = BUCKET_MS[tier];
  const last = Math.floor((to ?? now) / step) * step;
  const first = from === undefined ? last - (BUCKETS[tier] - 1) * step : Math.floor(from / step) * step;
  return { from: Math.max(first, last - (BUCKETS_MAX - 1) * step), to: last };
}

/** One bucket for every step, so that a chart shows silence as silence. */
function filled(found: CountedBucket[], tier: Tier, range: { from: number; to: number }, now: number): HistoryBucket[] {
  const byTime = new Map(found.map((bucket) => [bucket.at, bucket]));
  const step = BUCKET_MS[tier];
  const buckets: HistoryBucket[] = [];
  for (let at = range.from; at <= range.to; at += step) {
    buckets.push({ ...emptyBucket(at), ...byTime.get(at), filling: at + step > now });
  }
  return buckets;
}

function emptyBucket(at: number): CountedBucket {
  const none = { p50: null, p95: null, p99: null };
  const nothing = { stored: 0, ready: none };
  return {
    at,
    accepted: 0,
    stored: 0,
    failed: 0,
    dead: 0,
    refused: 0,
    throttled: 0,
    wait: none,
    run: none,
    lanes: { live: nothing, upload: nothing, bulk: nothing },
    oldestMs: null,
    open: null,
  };
}
