import { AuditEntry } from "@prewarm/control-schema/audit";
import { type History, HistoryBucket } from "@prewarm/control-schema/history";
import type { Serving } from "@prewarm/control-schema/serving";
import type { Stats } from "@prewarm/control-schema/stats";
import { leastValue } from "@prewarm/control-schema/testing/least-value";
import { CountsByState } from "@prewarm/control-schema/words";
import type { Page } from "playwright-core";

/*
 * A busy, healthy hour of a furniture shop: the answers that the local stack would give after an hour of a deployment's traffic, which no
 * laptop has. Each takes the stack's own answer and sets what an hour changes. Times are Unix ms, and `now` is the end of the hour.
 */

const MINUTE = 60_000;
/** Minutes since the catalogue was ordered. */
const SINCE_ORDER = 26;
const ORDERED = 89_700;
const WAITING = 21_340;
const PER_SECOND = 47.2;
/** Of 1,000 jobs, in dollars. */
const PRICE = 1.5;
const BUDGET = 400_000;

/** From now on the page gets the answers of such an hour. */
export async function showBusyHour(page: Page, now = Date.now()): Promise<void> {
  const change = <Answer>(path: string, to: (answer: Answer) => unknown) =>
    page.route(`**/api/v1/${path}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: to((await response.json()) as Answer) });
    });
  await change("session", (session: object) => Object.assign(session, { environment: "production" }));
  await change("stats", (stats: Stats) => busyStats(stats, now));
  await change("history*", (history: History) => busyHistory(history, now));
  await change("serving*", (serving: Serving) => busyServing(serving, now));
  await change("audit*", () => busyAudit(now));
}

/** To the minute, as the ledger writes a moment into a sentence. */
const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
const counts = (some: Partial<CountsByState>): CountsByState => Object.assign(leastValue(CountsByState), some);

const times = (p50: number, p95: number, p99: number) => ({ p50, p95, p99 });
const RATES: Stats["rates"] = {
  storedPerSecond: 46.8,
  endedPerSecond: PER_SECOND,
  failedPerSecond: 0,
  acceptedPerSecond: 6.1,
  attempts: { failed: 0, all: 14_120 },
  failureRatio: 0,
};
const TIMES = {
  wait: times(210, 840, 1900),
  run: times(1240, 2100, 3300),
  ready: {
    live: { stored: 812, ready: times(1300, 2200, 3100) },
    upload: { stored: 5_210, ready: times(1500, 2800, 4000) },
    bulk: { stored: 68_300, ready: times(600_000, 1_290_000, 1_400_000) },
  },
} satisfies Partial<Stats>;

/** Done when the last of `jobs` has ended. */
function paceOf(jobs: number, now: number): Stats["pace"]["all"] {
  const secondsLeft = jobs / PER_SECOND;
  const doneAt = now + secondsLeft * 1000;
  return {
    perSecond: PER_SECOND,
    secondsLeft,
    doneAt,
    doneBetween: { from: doneAt, to: doneAt },
    why: null,
    jobsLeft: jobs,
    amountLeft: (jobs * PRICE) / 1000,
  };
}

/** The overview's counts, rates and forecast. */
function busyStats(stats: Stats, now: number): Stats {
  const gate = busyGate(stats.gate, now);
  const lanes = {
    live: counts({ processing: 3, stored: 31_206 }),
    upload: counts({ queued: 12, processing: 9, stored: 92_440 }),
    bulk: counts({ queued: WAITING, processing: 49, stored: 289_160 }),
  };
  const open = WAITING + 12 + 61;
  const doneAt = now + (open / PER_SECOND) * 1000;
  return {
    ...stats,
    at: now,
    environment: "production",
    health: {
      level: "ok",
      sentence: `Healthy: ${open.toLocaleString("en")} jobs open, the oldest since ${moment(now - SINCE_ORDER * MINUTE)}; done at about ${moment(doneAt)}.`,
      since: null,
    },
    troubles: [],
    states: counts({ queued: WAITING + 12, processing: 61, stored: 412_806 }),
    lanes,
    open,
    deadLetters: 0,
    waitingSince: { live: null, upload: now - 400, bulk: now - SINCE_ORDER * MINUTE },
    waitingFor: { live: null, upload: null, bulk: null },
    rates: RATES,
    ...TIMES,
    pace: {
      all: paceOf(open - 61, now),
      live: paceOf(0, now),
      upload: paceOf(12, now),
      bulk: paceOf(WAITING, now),
    },
    utilisation: {
      concurrency: { used: 61, limit: 73, abandoned: 0 },
      rate: { used: PER_SECOND, limit: 52 },
    },
    spent: {
      month: (gate.budget.used * PRICE) / 1000,
      today: (gate.budget.usedToday * PRICE) / 1000,
      per1000Jobs: PRICE,
    },
    budget: gate.budget,
    gate,
  };
}

/** The gate with its automatic limits risen, and a third of the month's budget spent. */
function busyGate(gate: Stats["gate"], now: number): Stats["gate"] {
  const raised = (value: number, why: string) => ({
    mode: "auto" as const,
    value,
    min: 1,
    max: 1000,
    why,
    since: now - 4 * MINUTE,
  });
  return {
    ...gate,
    rate: { perSecond: 52, burst: 52 },
    concurrency: 73,
    limits: {
      rate: raised(52, "Raised: Ittybit took all of the minute before."),
      concurrency: raised(73, "Raised: more at once still ended faster."),
    },
    budget: {
      ...gate.budget,
      monthlyJobs: BUDGET,
      used: 131_480,
      usedByLane: { live: 4_310, upload: 42_700, bulk: 84_470 },
      left: { live: 27_690, warming: 192_830 },
      usedToday: 74_320,
      liveToday: 812,
      alert: null,
      exhausted: { live: false, warming: false },
    },
    reasons: [],
    throttledUntil: null,
    updatedAt: now - 4 * MINUTE,
  };
}

/** The start of minute `n` of 60, the last of which is under way. */
const minuteAt = (n: number, now: number): number => Math.floor(now / MINUTE) * MINUTE + (n - 59) * MINUTE;

/** A wave instead of chance: the same picture each time. */
const wave = (n: number): number => (Math.sin(n * 2.1) + Math.sin(n * 0.7)) / 2;

function storedIn(n: number): number {
  const minutes = n - (60 - SINCE_ORDER);
  if (minutes < 0) return Math.round(150 + 60 * wave(n));
  const limit = Math.min(2800, 700 + 420 * minutes);
  return Math.round((limit + 110 * wave(n)) * (n === 59 ? 0.55 : 1));
}

/** Uploads trickle in for half an hour; then the catalogue runs, as fast as the gate lets it. */
function busyHistory(history: History, now: number): History {
  const buckets = Array.from({ length: 60 }, (_, n): HistoryBucket => {
    const stored = storedIn(n);
    const accepted = n === 60 - SINCE_ORDER ? ORDERED : Math.round(160 + 50 * wave(n + 3));
    return Object.assign(leastValue(HistoryBucket), {
      at: minuteAt(n, now),
      filling: n === 59,
      accepted,
      stored,
    });
  });
  return { ...history, tier: "minute", bucketMs: MINUTE, buckets };
}

/** Nearly every view gets its variant from the cache. */
function busyServing(serving: Serving, now: number): Serving {
  const views = { ...serving.views, cache: 1_438_200, store: 81_400, "stand-in": 14_900, original: 6_300 };
  const all = views.cache + views.store + views["stand-in"] + views.original;
  return {
    ...serving,
    at: now,
    state: "counted",
    text: null,
    oneIn: 1,
    views,
    hitRatio: (views.cache + views.store) / all,
  };
}

/** Who did what in the hour, newest first. */
function busyAudit(now: number): { entries: AuditEntry[]; nextCursor: null } {
  const entry = (minutesAgo: number, who: string, what: string, more: Partial<AuditEntry> = {}): AuditEntry =>
    Object.assign(leastValue(AuditEntry), { seq: 1000 - minutesAgo, at: now - minutesAgo * MINUTE, who, what }, more);
  const moved = (minutesAgo: number, limit: string, from: number, to: number) =>
    entry(minutesAgo, "automatic", "limit.moved", { target: limit, details: { from, to, why: "nothing was refused" } });
  return {
    entries: [
      moved(4, "rate", 48, 52),
      moved(9, "concurrency", 66, 73),
      moved(15, "rate", 42, 48),
      moved(20, "rate", 20, 42),
      entry(SINCE_ORDER, "anna", "warm", { target: "run_catalogue" }),
      entry(48, "deploy", "code.version", { target: "4f1c2ab" }),
    ],
    nextCursor: null,
  };
}
