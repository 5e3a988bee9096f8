import { type Gate, quantileMs } from "../memory/gate-memory.ts";
import { CLOSED_BREAKER, dayOf, limitsOf, type Pause } from "../tables/gate-state.ts";
import { laneRule } from "../tables/lanes.ts";
import { LEASE_MS, TOKEN_AHEAD_MS } from "../times.ts";
import { type Opening, opened, probeAt } from "./breaker.ts";
import { budgetLeft, budgetUntil } from "./budget.ts";
import type { Slots } from "./slots.ts";

/*
 * Every decision about a POST to the service, as arithmetic over one document and the gate's memory: pause, budget,
 * breaker, throttle, slots, tokens. No function here reads a clock or a table.
 */

/** A `Retry-After` up to this closes the gate. A longer one opens the breaker until its date. */
const THROTTLE_MAX_MS = 3_600_000;
const BREAKER_WAIT_MS = { first: 30_000, longest: 1_800_000 };
/** The same while no result can be fetched: the try of a kept result costs nothing. */
const RESULT_WAIT_MS = { first: 5_000, longest: 60_000 };
const ANSWERS_MS = 60_000;
const ANSWERS_MIN = 20;
const BAD_RATIO = 0.5;
/** The background lane leaves slots for so many jobs per second, at most one slot of ten, and one token of ten. */
const LEFT = { perSecond: 1, oneOf: 10 };
/** Seconds from a free slot to the next job, beside the duration of the job. */
const TURNAROUND_S = 0.3;

/** Why a job may not be POSTed. `until`: when the reason ends without an operator, Unix ms. */
export interface Refusal {
  code: "paused" | "restored" | "budget" | "breaker" | "throttled" | "slots" | "tokens";
  until: number | null;
}

export interface Ask {
  /** Its name, here as everywhere in the gate. */
  lane: string;
  gen: number;
  /** Slots taken now. Null: the POST is a repeat, and its generation has its slot and budget already. */
  slots: Slots | null;
  /** A job of a higher lane waits for a token. */
  outranked: boolean;
}

/**
 * Admits one job of a lane. An admission takes a token, a place in the budget and the breaker's probe. A refusal
 * changes nothing. `notBefore`: when the token exists, Unix ms.
 */
export function admit(gate: Gate, ask: Ask): { notBefore: number } | Refusal {
  const held = closedFor(gate, ask.lane, ask.slots === null);
  if (held !== null) return held;
  if (ask.slots !== null && isFull(gate, ask.lane, ask.slots)) return { code: "slots", until: null };
  if (ask.outranked) return { code: "tokens", until: null };
  const notBefore = gate.now + tokenWaitMs(gate, ask.lane);
  if (notBefore > gate.now + TOKEN_AHEAD_MS) return { code: "tokens", until: notBefore };
  gate.memory.tokens = { level: tokens(gate) - 1, at: Math.max(gate.now, gate.memory.tokens.at) };
  if (ask.slots !== null) gate.use.add(ask.lane, dayOf(gate.now), 1);
  const { breaker } = gate.state;
  if (breaker.state === "open") breaker.probe = { gen: ask.gen, until: gate.now + LEASE_MS };
  return { notBefore };
}

/**
 * The clock went back by so much, in ms. What the gate waits for comes no later for that; an operator's pause keeps its
 * date.
 */
export function clockWentBack({ state, memory, now }: Gate, ms: number): void {
  const back = (at: number) => (at > now ? at - ms : at);
  const { tokens, answers, auto } = memory;
  tokens.at = back(tokens.at);
  answers.since = back(answers.since);
  auto.refusedAt = back(auto.refusedAt);
  state.throttledUntil = back(state.throttledUntil);
  state.closedUntil = back(state.closedUntil);
  for (const breaker of [state.breaker, ...Object.values(state.origins)]) {
    breaker.until = back(breaker.until);
    if (breaker.probe !== null) breaker.probe.until = back(breaker.probe.until);
  }
}

/** Whether a restore holds everything back: POSTs, fetches and preparations. */
export function isClosedForAll({ state, now }: Gate): boolean {
  return now < state.closedUntil;
}

/** Why the lane is closed: pause, restore, budget, breaker or throttle. A free probe of the breaker is no reason. */
export function closedFor(gate: Gate, lane: string, isRepeated = false): Refusal | null {
  const { state, now } = gate;
  const pause = pauseOf(gate, lane);
  if (pause !== null) return { code: "paused", until: pause.until };
  if (isClosedForAll(gate)) return { code: "restored", until: state.closedUntil };
  if (!isRepeated && budgetLeft(gate, lane) <= 0) return { code: "budget", until: budgetUntil(gate, lane) };
  if (state.breaker.state === "open" && now < probeAt(state.breaker))
    return { code: "breaker", until: probeAt(state.breaker) };
  if (now < state.throttledUntil) return { code: "throttled", until: state.throttledUntil };
  return null;
}

/** The current pause of a lane. */
export function pauseOf({ state, now }: Gate, lane: string): Pause | null {
  const pause = state.pauses[lane] ?? null;
  return pause !== null && (pause.until === null || now < pause.until) ? pause : null;
}

/** When a closed gate opens, Unix ms. Null: it is open, or an operator paused it without an end. */
export function nextOpenAt(gate: Gate): number | null {
  const { lanes } = gate.config;
  const times = lanes.map(({ name }) => closedFor(gate, name)?.until ?? null).filter((until) => until !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/* ── Slots and pace ────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** Slots of all lanes together. */
export function allSlots({ state, config }: Gate): number {
  return limitsOf(state, config).concurrency;
}

/** Slots of a lane. A background lane leaves the slots that one job per second needs: at least one, at most a tenth. */
export function slotsOf(gate: Gate, lane: string): number {
  const all = allSlots(gate);
  if (laneRule(gate.config.lanes, lane).background !== true) return all;
  const needed = Math.ceil((LEFT.perSecond * quantileMs(gate, 0.5)) / 1000);
  return Math.max(1, all - Math.max(1, Math.min(Math.ceil(all / LEFT.oneOf), needed)));
}

/** Slots that every lane may fill: those of the last lane. */
export function sharedSlots(gate: Gate): number {
  return slotsOf(gate, gate.config.lanes.at(-1)?.name ?? "");
}

/**
 * Whether the lane may fill no further slot. Slots with an unreported job may fill at most half of the lane's slots, so
 * that a few of them do not stop the lane. If unreported ≤ slots / 2, then running ≤ slots; otherwise running ≤ 1.5 ×
 * slots (docs/internals/queue.md, I4).
 */
export function isFull(gate: Gate, lane: string, { used, unreported }: Slots): boolean {
  const [all, own] = [allSlots(gate), slotsOf(gate, lane)];
  const counted = used - unreported + Math.min(unreported, Math.floor(own / 2));
  return counted >= own || used >= all + Math.floor(all / 2);
}

/** Jobs per second that slots and rate allow. `jobMs`: default as learned. */
export function goalPerSecond(gate: Gate, jobMs = quantileMs(gate, 0.5)): number {
  const { ratePerSecond } = limitsOf(gate.state, gate.config);
  return Math.min(ratePerSecond, sharedSlots(gate) / (jobMs / 1000 + TURNAROUND_S));
}

/** Tokens in the bucket now. Negative: tokens were given ahead. */
function tokens({ state, memory, config, now }: Gate): number {
  const { ratePerSecond, burst } = limitsOf(state, config);
  const { level, at } = memory.tokens;
  return Math.min(burst, level + (Math.max(0, now - at) / 1000) * ratePerSecond);
}

/** ms until the next token of the lane. A background lane leaves a tenth of the burst to the others. */
function tokenWaitMs(gate: Gate, lane: string): number {
  const { ratePerSecond, burst } = limitsOf(gate.state, gate.config);
  const { background } = laneRule(gate.config.lanes, lane);
  const kept = background ? Math.min(burst - 1, Math.ceil(burst / LEFT.oneOf)) : 0;
  return Math.ceil((Math.max(0, 1 + kept - tokens(gate)) / ratePerSecond) * 1000);
}

/* ── Throttle and breaker ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** Closes the gate after a 429. Beyond an hour the breaker opens instead and shows the date. */
export function throttle(gate: Gate, until: number): void {
  const { state, memory, now } = gate;
  if (until - now > THROTTLE_MAX_MS) {
    open(gate, { status: 429, reason: `${gate.service} asks to wait until ${new Date(until).toISOString()}.`, until });
    return;
  }
  state.throttledUntil = Math.max(state.throttledUntil, until);
  // Empties the bucket: saved tokens would cause the next burst of 429.
  memory.tokens = { level: Math.min(0, tokens(gate)), at: state.throttledUntil };
}

/**
 * Opens the breaker, or keeps it open after a failed probe. Each opening in a row doubles the wait, up to half an hour.
 */
export function openBreaker(gate: Gate, why: Opening): void {
  const { breaker } = gate.state;
  // Answers to POSTs from before the opening contain nothing new.
  if (breaker.state === "closed" || gate.now >= breaker.until) open(gate, { ...why, until: 0 });
}

function open({ state, now }: Gate, why: Opening & { until: number }): void {
  state.breaker = opened(state.breaker, why, now, why.results ? RESULT_WAIT_MS : BREAKER_WAIT_MS);
}

export function closeBreaker({ state, memory, now }: Gate): void {
  state.breaker = { ...CLOSED_BREAKER };
  memory.answers = { since: now, good: 0, bad: 0 };
  memory.unfetched.clear();
}

/** Results that workers may begin to fetch now: while none can be fetched one is tried, the breaker's probe. */
export function fetchesAllowed({ state: { breaker }, now }: Gate): number {
  if (breaker.state === "closed" || breaker.results !== true) return Number.POSITIVE_INFINITY;
  return now < probeAt(breaker) ? 0 : 1;
}

/** Allows a worker to fetch the result of a generation. False: it must wait for the breaker's probe. */
export function admitFetch(gate: Gate, gen: number): boolean {
  const allowed = fetchesAllowed(gate);
  if (allowed === 1) gate.state.breaker.probe = { gen, until: gate.now + LEASE_MS };
  return allowed > 0 || isProbe(gate, gen);
}

export function isProbe({ state }: Gate, gen: number): boolean {
  return state.breaker.probe?.gen === gen;
}

/** The service accepted a job, or rejected it for its content. */
export function recordGood(gate: Gate, gen: number): void {
  probeTaken(gate, gen);
  answers(gate).good += 1;
}

/**
 * The service accepted or ended the probe, so the probe has succeeded. Exception: the breaker is open because results
 * cannot be fetched.
 */
export function probeTaken(gate: Gate, gen: number): void {
  if (isProbe(gate, gen) && gate.state.breaker.results !== true) closeBreaker(gate);
}

/**
 * Counts a missing answer or a 5xx. If half of at least 20 answers within a minute are bad, the breaker opens. A bad
 * probe reopens it at once.
 */
export function recordBad(gate: Gate, gen: number, message: string): void {
  const seen = answers(gate);
  seen.bad += 1;
  const all = seen.good + seen.bad;
  const over = all >= ANSWERS_MIN && seen.bad / all >= BAD_RATIO;
  if (!over && !isProbe(gate, gen)) return;
  const share = `${seen.bad} of ${all} answers within a minute were errors`;
  openBreaker(gate, { status: null, reason: `${gate.service} is failing: ${share}; the last: ${message}` });
}

/** Releases a probe that never asked the service; the next job is the probe. */
export function probeUnused(gate: Gate, gen: number): void {
  if (isProbe(gate, gen)) gate.state.breaker.probe = null;
}

function answers({ memory, now }: Gate): { good: number; bad: number } {
  if (now - memory.answers.since > ANSWERS_MS) memory.answers = { since: now, good: 0, bad: 0 };
  return memory.answers;
}
