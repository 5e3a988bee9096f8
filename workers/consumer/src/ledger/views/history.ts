import type { Lane } from "@prewarm/shared/job";
import type { HistoryBucket, LedgerStats, Percentiles, Tier, Totals } from "../contract.ts";
import { type StateCounts, stateCounts } from "../protocol/job-state.ts";
import { oldestWaiting } from "../protocol/sample.ts";
import { mergeCounts, readTotals } from "../tables/counters.ts";
import { type Histogram, quantile } from "../tables/histogram.ts";
import {
  emptySlice,
  eventsIn,
  type Minutes,
  mergeSlice,
  mergeSlices,
  readSlices,
  type Slice,
  TIERS_MS,
} from "../tables/history.ts";
import type { Tx } from "../tables/tx.ts";

const RATE_MINUTES = 5;

/** Buckets of a tier that have something in them, from and to inclusive (Unix ms). */
export function history(tx: Tx, tier: Tier, from: number, to: number): HistoryBucket[] {
  return Object.entries(slices(tx, tier, from, to))
    .map(([at, slice]) => bucketOf(Number(at), slice))
    .sort((a, b) => a.at - b.at);
}

/** Slices of a tier that begin within a time, folded or not. */
function slices(tx: Tx, tier: Tier, from: number, to: number): Minutes {
  const ms = TIERS_MS[tier];
  const found = readSlices(tx.sql, tier, from, to);
  const lately = Object.entries(tx.kept.hands.unfolded().minutes);
  const within = lately.filter(([at]) => Number(at) >= from - (from % ms) && Number(at) - (Number(at) % ms) <= to);
  mergeSlices(found, Object.fromEntries(within), ms);
  return found;
}

function bucketOf(at: number, slice: Slice): HistoryBucket {
  const { accepted, stored, failed, dead, refused, throttled, wait, run, oldest, open } = slice;
  const times = { wait: percentiles(wait), run: percentiles(run) };
  return { at, accepted, stored, failed, dead, refused, throttled, ...times, oldestMs: oldest, open };
}

function percentiles(histogram: Histogram): Percentiles {
  return { p50: quantile(histogram, 0.5), p95: quantile(histogram, 0.95), p99: quantile(histogram, 0.99) };
}

/** Everything the overview needs of the ledger: counts, five minutes' rates, an hour's percentiles. No table is counted. */
export function ledgerStats(
  tx: Tx,
  apart: Pick<LedgerStats, "version" | "metricErrors" | "gate" | "hooks">,
): LedgerStats {
  const counts = stateCounts(tx);
  const minute = tx.now - (tx.now % TIERS_MS.minute);
  const hour = sumOf(slices(tx, "minute", minute - 59 * TIERS_MS.minute, minute));
  // The minute under way would make every rate look low.
  const lately = sumOf(slices(tx, "minute", minute - RATE_MINUTES * TIERS_MS.minute, minute - 1));
  const perSecond = (n: number) => n / (RATE_MINUTES * 60);
  return {
    counts: {
      live: laneCounts(counts, "live"),
      upload: laneCounts(counts, "upload"),
      bulk: laneCounts(counts, "bulk"),
    },
    oldestWaiting: oldestWaiting(tx),
    rates: {
      stored: perSecond(lately.stored),
      failed: perSecond(lately.failed),
      accepted: perSecond(lately.accepted),
      submitted: perSecond(lately.wait.reduce((sum, n) => sum + n, 0)),
    },
    totals: totals(tx),
    wait: percentiles(hour.wait),
    run: percentiles(hour.run),
    rows: rowsOf(counts),
    bytes: tx.sql.bytes,
    ...apart,
  };
}

function totals(tx: Tx): Totals {
  const sum = { ...eventsIn(tx.kept.hands.unfolded().minutes) };
  mergeCounts(sum, readTotals(tx.sql));
  return sum;
}

function sumOf(found: Minutes): Slice {
  const sum = emptySlice();
  for (const slice of Object.values(found)) mergeSlice(sum, slice);
  return sum;
}

/** Stored jobs have no rows. */
function rowsOf({ stored, ...others }: StateCounts): number {
  return Object.values(others).reduce((sum, { live, upload, bulk }) => sum + live + upload + bulk, 0);
}

function laneCounts(counts: StateCounts, lane: Lane): LedgerStats["counts"][Lane] {
  const { queued, processing, retrying, stored, dead, refused, cancelled } = counts;
  return {
    queued: queued[lane],
    processing: processing[lane],
    retrying: retrying[lane],
    stored: stored[lane],
    dead: dead[lane],
    refused: refused[lane],
    cancelled: cancelled[lane],
  };
}
