import type { Config } from "@prewarm/shared/config";
import { LEASE_MS } from "@prewarm/shared/limits";
import { backoff } from "../../platform/backoff.ts";
import {
  type Breaker,
  CLOSED_BREAKER,
  type GateSettings,
  type GateState,
  monthOf,
  nextMonth,
  settingsOf,
} from "../tables/gate-state.ts";
import { observe, quantile } from "../tables/histogram.ts";
import { BULK, type LaneCode, LIVE, laneName } from "../tables/row.ts";

/*
 * Every decision about going upstream, as arithmetic over one document: pause, breaker, budget, rate (GCRA), slots.
 * Nothing here reads a clock or a table.
 */

/** A token further away than this is not waited for by a handler: the row is parked. */
export const TOKEN_HORIZON_MS = 20_000;
/** `Retry-After` up to this is obeyed by closing the gate; a longer one opens the breaker with its date. */
export const THROTTLE_MAX_MS = 3_600_000;
const BREAKER_BASE_MS = 30_000;
const BREAKER_MAX_MS = 1_800_000;
const WINDOW_MS = 60_000;
const WINDOW_MIN_ANSWERS = 20;
const BAD_RATIO = 0.5;
const FIRST_LOOK_DEFAULT_MS = 1_000;
const MEDIAN_MEMORY = 0.98;

export type Closed = { code: "paused" | "breaker" | "budget"; message: string; until: number | null };

/** Why a lane takes no new work, or null; the breaker is named only when nothing else closes it. A breaker whose wait is over counts as open here; `probeFree` lets one through. */
export function laneClosed(gate: GateState, config: Config, lane: LaneCode, now: number): Closed | null {
  if (gate.paused.includes(laneName(lane)))
    return { code: "paused", message: `Lane ${laneName(lane)} is paused by an operator.`, until: null };
  const settings = settingsOf(gate, config);
  if (budgetLeft(gate, settings, lane, now) <= 0) {
    const what = lane === LIVE ? "The month's budget" : "The month's budget for warming";
    return { code: "budget", message: `${what} is spent.`, until: nextMonth(now) };
  }
  const { breaker } = gate;
  if (breaker.state === "open")
    return { code: "breaker", message: breaker.reason ?? "The breaker is open.", until: breaker.until };
  return null;
}

/** True when the breaker is open, its wait is over and no probe is under way: one job may go. */
export function probeFree({ breaker }: GateState, now: number): boolean {
  return breaker.state === "open" && now >= breaker.until && (breaker.probe === null || breaker.probe.until <= now);
}

/** Jobs this lane may still start this month; Infinity when unlimited. Warming has its share, viewers may use all that is left. */
export function budgetLeft(gate: GateState, settings: GateSettings, lane: LaneCode, now: number): number {
  if (settings.monthlyJobs === null) return Number.POSITIVE_INFINITY;
  const [live, upload, bulk] = gate.used.month === monthOf(now) ? gate.used.byLane : [0, 0, 0];
  const left = settings.monthlyJobs - live - upload - bulk;
  if (lane === LIVE) return left;
  return Math.min(left, Math.floor(settings.monthlyJobs * settings.warmingShare) - upload - bulk);
}

/** Slots a lane may fill: bulk leaves a tenth (at least one) to viewers and uploads. */
export function slotLimit({ concurrency }: GateSettings, lane: LaneCode): number {
  if (lane !== BULK) return concurrency;
  return Math.max(1, concurrency - Math.max(1, Math.ceil(concurrency / 10)));
}

/** When the next submission may go, Unix ms (GCRA: `burst` at once, then one per interval); never before a `Retry-After` ends. */
export function nextToken(gate: GateState, { ratePerSecond, burst }: GateSettings, now: number): number {
  const interval = 1000 / ratePerSecond;
  return Math.max(now, Math.ceil(gate.tat - (burst - 1) * interval), gate.throttledUntil);
}

/** Takes the token that `nextToken` showed. */
export function takeToken(gate: GateState, settings: GateSettings, now: number): void {
  const interval = 1000 / settings.ratePerSecond;
  // After a Retry-After there is no burst: the tokens saved up meanwhile would be the next storm.
  const at = gate.throttledUntil > now ? gate.throttledUntil + (settings.burst - 1) * interval : now;
  gate.tat = Math.max(gate.tat, at) + interval;
}

/** Tokens to be had by `until`, for the dispatcher. */
export function tokensBy(gate: GateState, settings: GateSettings, now: number, until: number): number {
  const first = nextToken(gate, settings, now);
  if (first > until) return 0;
  const interval = 1000 / settings.ratePerSecond;
  const saved =
    gate.throttledUntil > now ? 0 : Math.max(0, settings.burst - 1 - Math.max(0, gate.tat - now) / interval);
  return Math.floor(saved) + 1 + Math.floor((until - first) / interval);
}

/** Counts one granted job into (`by` = 1) or out of (−1: no job was made) the month. */
export function spend(gate: GateState, lane: LaneCode, now: number, by: 1 | -1): void {
  const month = monthOf(now);
  if (gate.used.month !== month) gate.used = { month, byLane: [0, 0, 0] };
  gate.used.byLane[lane] = Math.max(0, gate.used.byLane[lane] + by);
}

/** 429: nothing goes until then. Above an hour it is no throttle but a stop, and the breaker shows the date. */
export function throttle(gate: GateState, until: number, now: number): void {
  if (until - now > THROTTLE_MAX_MS) {
    openBreaker(gate, now, {
      status: 429,
      reason: `Ittybit asks to wait until ${new Date(until).toISOString()}.`,
      until,
    });
    return;
  }
  gate.throttledUntil = Math.max(gate.throttledUntil, until);
}

/** Opens it, or holds it open when the probe failed: each opening in a row doubles the wait, up to half an hour. */
export function openBreaker(
  gate: GateState,
  now: number,
  why: { status: number | null; reason: string; until?: number },
): void {
  const before = gate.breaker;
  // Answers of jobs that were under way when it opened tell nothing new.
  if (before.state === "open" && now < before.until && why.until === undefined) return;
  const openings = before.openings + 1;
  const wait = backoff(openings, { first: BREAKER_BASE_MS, longest: BREAKER_MAX_MS });
  const since = before.state === "open" ? before.since : now;
  const until = Math.max(why.until ?? 0, now + wait);
  gate.breaker = { state: "open", reason: why.reason, status: why.status, since, until, openings, probe: null };
}

export function closeBreaker(gate: GateState, now: number): void {
  gate.breaker = { ...CLOSED_BREAKER };
  gate.window = { since: now, ok: 0, bad: 0 };
}

/** Makes this generation the one that tries the breaker. */
export function startProbe(gate: GateState, gen: number, now: number): void {
  gate.breaker.probe = { gen, until: now + LEASE_MS };
}

export function isProbe(breaker: Breaker, gen: number): boolean {
  return breaker.probe?.gen === gen;
}

/** Ittybit took a job, or judged one on its merits: the probe has succeeded. */
export function recordGood(gate: GateState, gen: number, now: number): void {
  if (isProbe(gate.breaker, gen)) closeBreaker(gate, now);
  roll(gate, now).ok += 1;
}

/** No answer or a 5xx: half of at least 20 answers in a minute open the breaker; a probe reopens it at once. */
export function recordBad(gate: GateState, gen: number, now: number, reason: string): void {
  const window = roll(gate, now);
  window.bad += 1;
  const answers = window.ok + window.bad;
  const over = answers >= WINDOW_MIN_ANSWERS && window.bad / answers >= BAD_RATIO;
  if (!over && !isProbe(gate.breaker, gen)) return;
  const share = `${window.bad} of ${answers} answers within a minute were errors`;
  openBreaker(gate, now, { status: null, reason: `Ittybit is failing: ${share}; the last: ${reason}` });
}

/** The probe ended without having asked Ittybit anything: the next job is the probe. */
export function probeUnused(gate: GateState, gen: number): void {
  if (isProbe(gate.breaker, gen)) gate.breaker.probe = null;
}

function roll(gate: GateState, now: number): GateState["window"] {
  if (now - gate.window.since > WINDOW_MS) gate.window = { since: now, ok: 0, bad: 0 };
  return gate.window;
}

/** Learns one job's time; older ones fade. */
export function learnJobMs(gate: GateState, ms: number): void {
  gate.jobMs = gate.jobMs.map((count) => Math.round(count * MEDIAN_MEMORY * 1000) / 1000);
  observe(gate.jobMs, ms);
}

/** When a fresh job is looked at first: the learned median, a second until there is one. */
export function firstLookMs(gate: GateState): number {
  return quantile(gate.jobMs, 0.5) ?? FIRST_LOOK_DEFAULT_MS;
}
