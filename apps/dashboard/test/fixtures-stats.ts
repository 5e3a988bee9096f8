import { Gate } from "@prewarm/control-schema/gate";
import type { History, HistoryBucket } from "@prewarm/control-schema/history";
import { Stats } from "@prewarm/control-schema/stats";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { Trouble } from "@prewarm/control-schema/troubles";
import type { JobState } from "@prewarm/control-schema/words";
import { byState, doneIn, HOSTILE } from "./fixtures.ts";

const NOW = Date.now();

/** As the ledger says it (`whyHeld`). */
const PAUSED = `Lane bulk is paused since ${new Date(NOW - 3_600_000).toISOString().slice(0, 16)}Z by operator token 1: a migration.`;

const GATE: Gate = {
  ...leastValue(Gate),
  paused: { live: false, upload: false, bulk: true },
  pauses: {
    live: null,
    upload: null,
    bulk: { who: "operator token 1", since: NOW - 3_600_000, reason: "a migration", until: NOW + 7_200_000 },
  },
  undo: { at: NOW - 3_600_000, who: "operator token 1" },
  rate: { perSecond: 20, burst: 20 },
  concurrency: 50,
  limits: {
    rate: { mode: "pinned", value: 20, min: null, max: null, why: null, since: null },
    concurrency: {
      mode: "auto",
      value: 50,
      min: 1,
      max: 1000,
      why: "Ittybit answered 429 with 55 jobs there.",
      since: NOW - 180_000,
    },
  },
  budget: {
    monthlyJobs: 100_000,
    warmingShare: 0.8,
    liveShare: 0.5,
    liveDayShare: 0.1,
    month: "2026-11",
    used: 61_204,
    usedByLane: { live: 8104, upload: 41_900, bulk: 11_200 },
    left: { live: 1896, warming: 26_900 },
    usedToday: 4_210,
    liveToday: 310,
    alertLevels: [0.5, 0.8, 0.95, 1],
    alert: 0.5,
    exhausted: { live: false, warming: false },
  },
  reasons: [{ lane: "bulk", code: "paused", message: PAUSED, until: null }],
  updatedAt: NOW - 3_600_000,
};

export function gate(hostile: boolean): Gate {
  if (!hostile) return structuredClone(GATE);
  return {
    ...GATE,
    breaker: { state: "open", reason: HOSTILE, status: 402, since: NOW - 7_200_000, probeAt: NOW + 90_000 },
    reasons: [{ lane: null, code: "breaker", message: HOSTILE, until: NOW + 90_000 }],
  };
}

/** Of a first day, with the limits of every day. */
export function emptyGate(): Gate {
  const { rate, concurrency, limits } = GATE;
  return { ...leastValue(Gate), rate, concurrency, limits };
}

export function emptyStats(): Stats {
  const ledger = { rows: 0, bytes: 40_960, limitBytes: 10_000_000_000 };
  return { ...leastValue(Stats), at: Date.now(), environment: "staging", gate: emptyGate(), ledger };
}

export function stats(hostile: boolean): Stats {
  const lanes = {
    live: byState(3, 6, 0, 91_204, 12, 4, 0),
    upload: byState(1240, 38, 17, 402_118, 241, 9, 60),
    bulk: byState(48_210, 0, 0, 1_204_551, 31, 120, 1200),
  };
  const sum = (state: JobState) => lanes.live[state] + lanes.upload[state] + lanes.bulk[state];
  const now = gate(hostile);
  const sentence = hostile ? HOSTILE : "The bulk lane is paused: 48,210 jobs wait, viewers get originals for those.";
  return {
    ...leastValue(Stats),
    at: Date.now(),
    troubles: [
      trouble({
        level: hostile ? "problem" : "warning",
        code: "paused",
        key: "paused.bulk",
        part: "gate",
        cause: "1",
        since: NOW - 3_600_000,
        sentence,
        cure: "Resume the lane once the reason is gone.",
        link: "/steering",
        affects: { lanes: ["bulk"], run: null, folder: null, count: 48_210 },
      }),
      trouble({
        code: "failing",
        key: "failing.ittybit",
        part: "ittybit",
        cause: "f1",
        link: "/jobs/causes?window=5m",
        cure: "Remove the cause, then choose Try now.",
        sentence: hostile ? HOSTILE : "3 % of 3,500 attempts failed: 41 × encoder out of memory, all avif.",
      }),
      trouble({
        code: "died",
        key: "died.ittybit",
        part: "ittybit",
        cause: "f2",
        link: "/jobs/causes?window=1h",
        past: true,
        sentence: "11 jobs died within the hour.",
        cure: "Remove the cause, then choose Retry dead.",
        acknowledged: { who: hostile ? HOSTILE : "operator token 1", at: NOW - 600_000 },
      }),
      trouble({
        code: "budget",
        key: "budget.level",
        part: "budget",
        level: "note",
        cause: "note",
        link: "/steering",
        sentence: "61 % of the month's 100,000 jobs are used.",
        cure: "",
      }),
    ],
    environment: hostile ? "production" : "staging",
    health: { level: hostile ? "problem" : "warning", sentence, since: NOW - 3_600_000 },
    states: byState(
      ...([sum("queued"), sum("processing"), sum("retrying"), sum("stored")] as const),
      ...([sum("dead"), sum("refused"), sum("cancelled")] as const),
    ),
    lanes,
    deadLetters: 284,
    open: sum("queued") + sum("processing") + sum("retrying"),
    waitingSince: { live: NOW - 2_100, upload: NOW - 64_000, bulk: NOW - 3_600_000 },
    rates: {
      storedPerSecond: 11.4,
      endedPerSecond: 11.5,
      failedPerSecond: 0.3,
      acceptedPerSecond: 14.2,
      attempts: { failed: 92, all: 3500 },
      failureRatio: 92 / 3500,
    },
    waitingFor: {
      live: null,
      upload: { code: "line", text: "1,257 jobs wait; at 11/s about 2 min.", until: null, ahead: 1257 },
      bulk: { code: "paused", text: hostile ? HOSTILE : (now.reasons[0]?.message ?? ""), until: null, ahead: 48_210 },
    },
    wait: { p50: 1200, p95: 41_000, p99: 88_000 },
    run: { p50: 2100, p95: 6400, p99: 14_800 },
    ready: laneTimes(1),
    pace: paces(now.reasons[0]?.message ?? ""),
    queues: {
      "prewarm-live": { backlogCount: 3, backlogBytes: 1204, oldestMessageAt: NOW - 1800 },
      "prewarm-work": { backlogCount: 41, backlogBytes: 18_400, oldestMessageAt: null },
      "prewarm-dead": null,
    },
    utilisation: {
      concurrency: { used: 44, limit: 50, abandoned: 0 },
      rate: { used: 11.6, limit: 20 },
    },
    budget: now.budget,
    spent: { month: 122.41, today: 8.42, per1000Jobs: 2 },
    gate: now,
    ledger: { rows: 412_889, bytes: 118_400_000, limitBytes: 10_000_000_000 },
    versions: { consumer: { id: "1b9d6bcd", tag: "a1b2c3d4e5f6" }, ledger: { id: "1b9d6bcd", tag: "a1b2c3d4e5f6" } },
  };
}

/** A warning, unless more is said. */
function trouble(said: Partial<Trouble>): Trouble {
  return { ...leastValue(Trouble), level: "warning", acknowledged: null, ...said };
}

/** Bulk is paused for a reason, and upload flows. */
function paces(why: string): Stats["pace"] {
  const done = { ...doneIn(0), perSecond: 0, why: null, jobsLeft: 0, amountLeft: 0 };
  const held = { ...doneIn(null), perSecond: 0, why, jobsLeft: 48_210, amountLeft: 96.42 };
  const upload = { ...doneIn(114), perSecond: 11, why: null, jobsLeft: 1257, amountLeft: 2.51 };
  return { all: held, live: done, upload, bulk: held };
}

/** Of each lane; `scale` 0: nothing was stored. */
function laneTimes(scale: number): HistoryBucket["lanes"] {
  const slow = 1 + (scale - 1) / 20;
  const of = (stored: number, p50: number) => ({
    stored: Math.round(stored * scale),
    ready:
      scale === 0 ? { p50: null, p95: null, p99: null } : { p50: p50 * slow, p95: p50 * slow * 4, p99: p50 * slow * 9 },
  });
  return { live: of(3, 180), upload: of(11, 900), bulk: of(54, 41_000) };
}

export function history(empty: boolean, tier: "minute" | "hour" | "day"): History {
  const bucketMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[tier];
  const length = { minute: 60, hour: 24, day: 30 }[tier];
  const last = Math.floor(Date.now() / bucketMs) * bucketMs;
  return {
    tier,
    bucketMs,
    buckets: Array.from({ length }, (_, index) =>
      bucketAt(index, length, last - (length - 1 - index) * bucketMs, empty),
    ),
  };
}

function bucketAt(index: number, length: number, at: number, empty: boolean): HistoryBucket {
  const wave = (scale: number, shift: number) =>
    Math.max(0, Math.round(scale * (1 + Math.sin(index / 5 + shift) * 0.4 + Math.sin(index * 1.7 + shift) * 0.12)));
  const filling = index === length - 1;
  const part = empty ? 0 : filling ? 0.4 : 1;
  const burst = index > length * 0.55 && index < length * 0.68;
  const none = { p50: null, p95: null, p99: null };
  return {
    at,
    filling,
    accepted: Math.round(wave(820, 1) * part),
    stored: Math.round((burst ? 90 : wave(680, 0)) * part),
    failed: Math.round(wave(18, 2) * part),
    dead: Math.round(wave(4, 2) * part),
    refused: Math.round(wave(2, 1) * part),
    throttled: Math.round((burst ? 340 : 0) * part),
    wait: empty
      ? none
      : { p50: wave(1100, 0), p95: wave(burst ? 90_000 : 21_000, 1), p99: wave(burst ? 180_000 : 60_000, 1) },
    lanes: laneTimes(empty ? 0 : wave(10, 0)),
    run: empty ? none : { p50: wave(2100, 3), p95: wave(6000, 2), p99: wave(14_000, 1) },
    oldestMs: empty ? null : wave(burst ? 400_000 : 120_000, 2),
    open: Math.round(wave(48_000, 2) * (empty ? 0 : 1)),
  };
}
