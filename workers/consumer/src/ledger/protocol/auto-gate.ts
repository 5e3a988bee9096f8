import { boundsOf, type LimitName, limitValue } from "../tables/gate-state.ts";
import { slotsOf } from "./gate.ts";
import { type AutoMemory, type Climb, type Gate, newCohort } from "./gate-memory.ts";

/*
 * Finds what Ittybit allows (decisions/022-automatic-gate.md). A limit that work waits for climbs. A 429 cuts it (AIMD), and so do jobs
 * that take longer the more of them there are (the latency gradient): those only queue there. After a cut a limit climbs along CUBIC's
 * curve (RFC 9438): fast back to near where it was refused, slowly past it, then ever faster.
 */

/** From one look to the next. */
const LOOK_MS = 1_000;
/** After a longer silence what was seen before tells nothing. */
const SILENCE_MS = 10_000;
/** Share of a limit from which on it counts as used up: within one look, and for the rate over some looks too. */
const USED_UP = 0.8;
const USED_UP_LATELY = 0.6;
/** Weight of one look in what was taken lately. */
const LATELY = 0.2;

/** What a cut leaves, and the least that one may leave. */
const KEEP = 0.9;
const KEEP_LEAST = 0.5;
/** Slots from this part of those that were safe on may be too many. */
const NEAR = 0.8;

/** Limits take a step at most this often and at least this far: each is written. */
const STEP_MS = 3_000;
const STEP_LEAST = 1.01;
/** The largest step, while it is known where it was refused, and before. */
const STEP_MOST = 1.15;
const STEP_MOST_NEW = 2;
/** Before the first refusal a limit doubles in this time. */
const DOUBLE_MS = 10_000;
/** From a cut back to where it was refused: as long as so many calls take, within these, so that few calls are refused. */
const BACK_CALLS = 60;
const BACK_MS = 20_000;
const BACK_MOST_MS = 60_000;
/** How much further it has come after that time again. */
const RISE = 0.15;
/** Past where it was refused by this factor the refusal is history. */
const FORGET = 1.2;

/** Jobs that take this much longer than unqueued ones are queueing. */
const TOLERANCE = 1.3;
/** So much longer, by what ends while all slots are taken, is seen without waiting for the jobs: after so many times the unqueued time. */
const OVERRUN = 2.6;
const OVERRUN_AFTER = 3;
/** A cut for the queue's sake leaves this much room above its end. */
const HEADROOM = 1.1;
/** Jobs of which a mean is made: as many as run at once, within these. */
const COHORT_LEAST = 4;
const COHORT_MOST = 25;
/** All of them have ended when none has for this part of the longest. */
const ALL_ENDED = 1.15;
/** What is unqueued follows a mean that is faster by so much, with this weight. */
const FASTER = 0.95;
const FASTER_WEIGHT = 0.25;

const REFUSED = "Lowered: Ittybit answered 429.";
const WAITED = "Raised: work waited, and Ittybit took all it was given.";

/** Ittybit took a POST. */
export function noteSubmitted({ memory }: Gate): void {
  memory.auto.taken += 1;
}

/** Ittybit answered 429. */
export function noteThrottled({ memory, now }: Gate): void {
  memory.auto.refusedAt = now;
  if (now >= memory.auto.deafUntil) memory.auto.refused += 1;
}

/** What happened since the last look. */
interface Look {
  ms: number;
  /** Most slots taken at once. */
  peak: number;
  usedUp: { [name in LimitName]: boolean };
  /** Nothing moved for `STEP_MS`: both limits step together, so that they are written together. */
  mayStep: boolean;
}

/** Moves the automatic limits by what was seen since the last look. `used`: slots taken now; `waiting`: work waits for a slot or a token. */
export function adjust(gate: Gate, { used, waiting }: { used: number; waiting: boolean }): void {
  const { state, now } = gate;
  const { auto } = gate.memory;
  if (now - auto.at < LOOK_MS) return;
  const { refused } = auto;
  climbsOf(gate);
  const look = lookBack(gate, used);
  if (refused > 0) cutRefused(gate, look);
  else if (waiting && look.ms < SILENCE_MS && now >= state.throttledUntil) {
    climb(
      gate,
      "ratePerSecond",
      look,
      () => auto.pace >= USED_UP_LATELY * limitValue(state, gate.config, "ratePerSecond"),
    );
    climb(gate, "concurrency", look, () => judgeCohort(gate, look));
  }
}

function lookBack(gate: Gate, used: number): Look {
  const { auto } = gate.memory;
  const ms = gate.now - auto.at;
  const perSecond = (count: number) => (count * 1000) / ms;
  const peak = Math.max(auto.peak, used);
  const rate = limitValue(gate.state, gate.config, "ratePerSecond");
  const usedUp = {
    ratePerSecond: speedOf(auto, ms) >= USED_UP * rate,
    concurrency: peak >= USED_UP * slotsOf(gate, "bulk"),
  };
  if (gate.now >= gate.state.throttledUntil) {
    const taken = perSecond(auto.taken);
    auto.pace = auto.pace === 0 ? taken : auto.pace + LATELY * (taken - auto.pace);
  }
  if (gate.now - auto.refusedAt > 2 * LOOK_MS) {
    // What went in this look is not all answered yet.
    auto.safe.concurrency = Math.max(auto.safe.concurrency, Math.min(peak, auto.peakBefore));
    if (usedUp.ratePerSecond) auto.safe.ratePerSecond = Math.max(auto.safe.ratePerSecond, rate);
  }
  Object.assign(auto, { at: gate.now, sent: 0, taken: 0, refused: 0, peak: used, peakBefore: peak });
  return { ms, peak, usedUp, mayStep: gate.now - auto.movedAt >= STEP_MS };
}

/** POSTs a second: over the whole look, or over the part of it in which they went, when the gate was closed for the rest. */
function speedOf({ sent, firstAt, lastAt }: AutoMemory, ms: number): number {
  const within = sent > 2 ? (sent - 1) / Math.max(1, lastAt - firstAt) : 0;
  return 1000 * Math.max(sent / ms, within);
}

/**
 * 429: too many at once when more slots than were ever safe were taken; else too fast, whatever part of the rate was used, since its
 * calls came too close together. Both when it may be either.
 */
function cutRefused(gate: Gate, { peak, usedUp }: Look): void {
  const { auto } = gate.memory;
  const { safe, pace } = auto;
  auto.deafUntil = gate.now + LOOK_MS;
  nextCohort(gate, peak);
  auto.trial = null;
  const rate = limitValue(gate.state, gate.config, "ratePerSecond");
  const slots = limitValue(gate.state, gate.config, "concurrency");
  const backMs = Math.min(BACK_MOST_MS, Math.max(BACK_MS, (BACK_CALLS * 1000) / Math.max(pace, 0.1)));
  const tooFast = usedUp.ratePerSecond && rate >= safe.ratePerSecond;
  const tooMany = peak > safe.concurrency && (usedUp.concurrency || !tooFast);
  const perhapsTooMany = peak > NEAR * safe.concurrency && usedUp.concurrency && !tooFast;
  if (tooFast || !tooMany) {
    const to = Math.max(rate * KEEP_LEAST, Math.min(rate * KEEP, pace || rate));
    move(gate, "ratePerSecond", to, REFUSED, { top: Math.min(rate, to / KEEP), backMs, climbedMs: 0 });
    safe.ratePerSecond = Math.min(safe.ratePerSecond, to);
  }
  if (tooMany || perhapsTooMany) {
    const to = Math.max(slots * KEEP_LEAST, Math.min(slots, peak) * KEEP);
    move(gate, "concurrency", to, REFUSED, { top: Math.min(slots, to / KEEP), backMs, climbedMs: 0 });
    safe.concurrency = Math.min(safe.concurrency, to);
  }
}

/** One step up for an automatic limit that is used up. */
function climb(gate: Gate, name: LimitName, look: Look, isSound: () => boolean): void {
  const { state, config, now } = gate;
  if (boundsOf(state, config, name) === null || !look.usedUp[name]) return;
  const climb = climbsOf(gate)[name];
  climb.climbedMs += look.ms;
  if (!look.mayStep || !isSound()) return;
  const value = limitValue(state, config, name);
  const { top, backMs, climbedMs } = climb;
  const to =
    top === null
      ? value * Math.min(STEP_MOST_NEW, 2 ** ((now - climb.movedAt) / DOUBLE_MS))
      : Math.min(value * STEP_MOST, top * curve(climbedMs, backMs));
  if (to < value * STEP_LEAST) return;
  move(gate, name, to, WAITED, { top: top === null || to > FORGET * top ? null : top, backMs, climbedMs });
}

/** CUBIC: from `KEEP` to 1 in `backMs`, flat there, then up again. */
function curve(ms: number, backMs: number): number {
  return ms < backMs ? 1 - (1 - KEEP) * (1 - ms / backMs) ** 3 : 1 + RISE * ((ms - backMs) / BACK_MS) ** 3;
}

/** Judges the jobs that began since concurrency last moved, when they have ended. True when it may climb. */
function judgeCohort(gate: Gate, { peak }: Look): boolean {
  const { now, state } = gate;
  const { cohort, trial } = gate.memory.auto;
  const { count, from, longestMs } = cohort;
  if (from === null) return false;
  const unqueued = state.auto.unqueuedMs;
  // Little's law: what the mean will be once the queue has settled.
  const settledMs = (limitValue(state, gate.config, "concurrency") * (now - from)) / cohort.ended;
  const overrun = unqueued !== null && now >= from + OVERRUN_AFTER * unqueued && settledMs > OVERRUN * unqueued;
  if (overrun && trial === null && cohort.ended >= COHORT_LEAST) {
    cutQueueing(gate, unqueued, { meanMs: settledMs, settledMs });
    return false;
  }
  if (count === 0 || now < from + cohort.forMs + ALL_ENDED * longestMs) return false;
  if (count < COHORT_LEAST) {
    cohort.forMs *= 2;
    return false;
  }
  const meanMs = cohort.sumMs / count;
  nextCohort(gate, peak);
  if (trial !== null && !shortened(gate, trial, meanMs)) return false;
  if (unqueued !== null && meanMs > TOLERANCE * unqueued) {
    cutQueueing(gate, unqueued, { meanMs, settledMs: Math.max(meanMs, settledMs) });
    return false;
  }
  if (unqueued === null) state.auto.unqueuedMs = Math.round(meanMs);
  else if (meanMs < FASTER * unqueued)
    state.auto.unqueuedMs = Math.round(unqueued + FASTER_WEIGHT * (meanMs - unqueued));
  return true;
}

/** Fewer at once, on trial: if they do queue, the queue gets shorter. */
function cutQueueing(
  gate: Gate,
  unqueuedMs: number,
  { meanMs, settledMs }: { meanMs: number; settledMs: number },
): void {
  const slots = limitValue(gate.state, gate.config, "concurrency");
  const to = slots * Math.max(KEEP_LEAST, Math.min(KEEP, (HEADROOM * unqueuedMs) / meanMs));
  const why = `Lowered: jobs took ${seconds(meanMs)} instead of ${seconds(unqueuedMs)}, so that more at once would only queue.`;
  gate.memory.auto.trial = { slots, meanMs: settledMs };
  move(gate, "concurrency", to, why, { top: slots, backMs: BACK_MS, climbedMs: 0 });
}

/** Whether fewer at once made jobs faster by at least half of what a queue would. Else there was none: they just take longer now. */
function shortened(gate: Gate, trial: { slots: number; meanMs: number }, meanMs: number): boolean {
  gate.memory.auto.trial = null;
  const slots = limitValue(gate.state, gate.config, "concurrency");
  if (meanMs <= trial.meanMs * Math.sqrt(slots / trial.slots)) return true;
  gate.state.auto.unqueuedMs = Math.round(meanMs);
  const why = "Raised again: with fewer at once jobs were no faster.";
  move(gate, "concurrency", trial.slots, why, { top: trial.slots, backMs: BACK_MS, climbedMs: BACK_MS });
  return false;
}

/** The next cohort: as many jobs as run at once, and as long as it takes that many to begin. */
function nextCohort({ memory }: Gate, slots: number): void {
  memory.auto.cohort = newCohort((cohortSize(slots) * 1000) / Math.max(memory.auto.pace, 0.1));
}

function cohortSize(slots: number): number {
  return Math.min(COHORT_MOST, Math.max(COHORT_LEAST, slots));
}

/** What an earlier instance found is where this one goes on. */
function climbsOf({ memory, state, now }: Gate): { [name in LimitName]: Climb } {
  const { auto } = memory;
  if (auto.climbs !== null) return auto.climbs;
  const { concurrency, ratePerSecond } = state.auto;
  const climb = (top: number | null) => ({ top, backMs: BACK_MS, climbedMs: BACK_MS, movedAt: now });
  auto.safe = { concurrency: concurrency?.value ?? 0, ratePerSecond: ratePerSecond?.value ?? 0 };
  auto.climbs = {
    concurrency: climb(concurrency?.value ?? null),
    ratePerSecond: climb(ratePerSecond?.value ?? null),
  };
  return auto.climbs;
}

function move(gate: Gate, name: LimitName, to: number, why: string, climb: Omit<Climb, "movedAt">): void {
  const { state, config, memory, now } = gate;
  const bounds = boundsOf(state, config, name);
  if (bounds === null) return;
  climbsOf(gate)[name] = { ...climb, movedAt: now };
  const value = Math.floor(Math.min(bounds.max, Math.max(bounds.min, to)) * 1000) / 1000;
  if (value === limitValue(state, config, name)) return;
  state.auto[name] = { value, why, since: now };
  memory.auto.movedAt = now;
  if (name === "concurrency") nextCohort(gate, value);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
