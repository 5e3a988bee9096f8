import type { GateView, HistoryBucket, LedgerStats, Percentiles, Tier } from "../contract.ts";
import { oldestWaiting } from "../protocol/sample.ts";
import { emptySlice, mergeSlice, readSlices, type Slice, TIERS_MS } from "../tables/counters.ts";
import { type Histogram, quantile } from "../tables/histogram.ts";
import { readSamples } from "../tables/samples.ts";
import type { Tx } from "../tables/tx.ts";
import { counts } from "./views.ts";

const RATE_MINUTES = 5;
const FINER: Record<Tier, Tier[]> = { minute: ["minute"], hour: ["hour", "minute"], day: ["day", "hour", "minute"] };

/**
 * Buckets of a tier that have something in them, from and to inclusive (Unix ms). The newest part of every tier still lies in the finer
 * ones, which are folded in here.
 */
export function history(tx: Tx, tier: Tier, from: number, to: number): HistoryBucket[] {
  const ms = TIERS_MS[tier];
  const buckets = new Map<number, Slice>();
  for (const finer of FINER[tier]) {
    for (const { at, slice } of readSlices(tx.sql, TIERS_MS[finer], from, to + ms - 1)) {
      const start = at - (at % ms);
      const sum = buckets.get(start) ?? emptySlice();
      mergeSlice(sum, slice);
      buckets.set(start, sum);
    }
  }
  const samples = new Map(readSamples(tx.sql, ms, from, to).map((sample) => [sample.at, sample]));
  const times = [...new Set([...buckets.keys(), ...samples.keys()])].sort((a, b) => a - b);
  return times.map((at) => {
    const sampled = samples.get(at);
    return {
      ...bucketOf(at, buckets.get(at) ?? emptySlice()),
      open: sampled?.open ?? null,
      oldestMs: sampled?.oldest ?? null,
    };
  });
}

function bucketOf(
  at: number,
  { accepted, stored, failed, dead, throttled, wait, run }: Slice,
): Omit<HistoryBucket, "open" | "oldestMs"> {
  return { at, accepted, stored, failed, dead, throttled, wait: percentiles(wait), run: percentiles(run) };
}

function percentiles(histogram: Histogram): Percentiles {
  return { p50: quantile(histogram, 0.5), p95: quantile(histogram, 0.95), p99: quantile(histogram, 0.99) };
}

/** Everything the overview needs of the ledger: counters, five minutes' rates, an hour's percentiles. No table is counted. */
export function ledgerStats(tx: Tx, metricErrors: number, gate: GateView): LedgerStats {
  const counted = counts(tx);
  const minute = tx.now - (tx.now % TIERS_MS.minute);
  const hour = sumOf(readSlices(tx.sql, TIERS_MS.minute, minute - 59 * TIERS_MS.minute, minute));
  // The minute under way would make every rate look low.
  const lately = sumOf(readSlices(tx.sql, TIERS_MS.minute, minute - RATE_MINUTES * TIERS_MS.minute, minute - 1));
  const perSecond = (n: number) => n / (RATE_MINUTES * 60);
  return {
    counts: {
      live: laneCounts(counted, "live"),
      upload: laneCounts(counted, "upload"),
      bulk: laneCounts(counted, "bulk"),
    },
    deadLetters: counted.deadLetters,
    oldestWaiting: oldestWaiting(tx),
    rates: {
      stored: perSecond(lately.stored),
      failed: perSecond(lately.failed),
      accepted: perSecond(lately.accepted),
      submitted: perSecond(lately.wait.reduce((sum, n) => sum + n, 0)),
    },
    wait: percentiles(hour.wait),
    run: percentiles(hour.run),
    rows: Object.values(counted.byState).reduce((sum, lanes) => sum + lanes.live + lanes.upload + lanes.bulk, 0),
    bytes: tx.sql.bytes,
    metricErrors,
    gate,
  };
}

function sumOf(found: { slice: Slice }[]): Slice {
  const sum = emptySlice();
  for (const { slice } of found) mergeSlice(sum, slice);
  return sum;
}

function laneCounts(
  { byState }: ReturnType<typeof counts>,
  lane: "live" | "upload" | "bulk",
): LedgerStats["counts"]["live"] {
  return {
    queued: byState.queued[lane],
    processing: byState.processing[lane],
    retrying: byState.retrying[lane],
    stored: byState.stored[lane],
    dead: byState.dead[lane],
    cancelled: byState.cancelled[lane],
  };
}
