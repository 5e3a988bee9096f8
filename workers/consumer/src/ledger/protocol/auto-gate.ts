import { boundsOf, type LimitName, limitValue } from "../tables/gate-state.ts";
import { slotsOf } from "./gate.ts";
import type { Climb, Gate } from "./gate-memory.ts";

/*
 * Finds what Ittybit allows (decisions/022-automatic-gate.md). A limit that work waits for climbs; a 429 cuts it (AIMD), and so do jobs
 * that take longer the more of them there are (the latency gradient): those only queue there. After a cut a limit climbs along CUBIC's
 * curve (RFC 9438): fast back to near where it was refused, slowly past it, then ever faster.
 */

const LOOK_MS = 1_000;
/** A limit takes a step at most this often: each is written. */
const STEP_MS = 3_000;
/** After a longer silence what was seen before tells nothing. */
const SILENCE_MS = 10_000;
/** What a cut leaves, and what it leaves at least. */
const KEEP = 0.85;
const KEEP_LEAST = 0.5;
/** Share of a limit from which on it counts as used up. */
const USED_UP = 0.8;
/** Time back to where it was refused: at least this, or as long as so many calls take, so that few of them are refused. */
const BACK_MS = 20_000;
const BACK_CALLS = 60;
const BACK_MOST_MS = 60_000;
/** Past where it was refused by this factor the refusal is history. */
const FORGET = 1.2;
/** The largest step while it is known where it was refused. */
const STEP_MOST = 1.1;
/** Without a refusal a limit doubles in this time. */
const DOUBLE_MS = 10_000;
/** Jobs that take this much longer than unqueued ones are queueing. */
const TOLERANCE = 1.3;
/** A cut for the queue's sake leaves this much room above its end. */
const HEADROOM = 1.1;
/** Jobs that a mean is made of: as many as ran at once, within these. */
const JUDGED_LEAST = 5;
const JUDGED_MOST = 20;
/** Weight of a faster mean in what counts as unqueued. */
const FASTER = 0.25;

/** Ittybit took a POST. */
export function noteSubmitted({ memory }: Gate): void {
  memory.auto.taken += 1;
}

/** Ittybit answered 429. */
export function noteThrottled({ memory, now }: Gate): void {
  if (now >= memory.auto.deafUntil) memory.auto.refused += 1;
}

/** What happened since the last look. */
interface Look {
  ms: number;
  /** Calls a second that Ittybit took, and all of them. */
  taken: number;
  calls: number;
  /** Most slots taken at once. */
  peak: number;
  usedUp: { [name in LimitName]: boolean };
}

/** Moves the automatic limits by what was seen since the last look. `used`: slots taken now; `waiting`: work waits for a slot or token. */
export function adjust(gate: Gate, { used, waiting }: { used: number; waiting: boolean }): void {
  const { state, now } = gate;
  const { auto } = gate.memory;
  if (now - auto.at < LOOK_MS) return;
  const { refused } = auto;
  const look = lookBack(gate, used);
  if (refused > 0) {
    cutRefused(gate, look);
    return;
  }
  const open = waiting && look.ms < SILENCE_MS && now >= state.throttledUntil;
  if (!open) return;
  climb(gate, "ratePerSecond", look, () => true);
  climb(gate, "concurrency", look, () => judgeJobs(gate, look));
}

function lookBack(gate: Gate, used: number): Look {
  const { auto } = gate.memory;
  const ms = gate.now - auto.at;
  const taken = (auto.taken * 1000) / ms;
  const calls = ((auto.taken + auto.refused) * 1000) / ms;
  const peak = Math.max(auto.peak, used);
  const rate = limitValue(gate.state, gate.config, "ratePerSecond");
  const usedUp = {
    ratePerSecond: calls >= USED_UP * rate,
    concurrency: peak >= USED_UP * slotsOf(gate, "bulk"),
  };
  if (auto.refused === 0) {
    // What this look took is not answered yet.
    auto.safe.concurrency = Math.max(auto.safe.concurrency, Math.min(peak, auto.peakBefore));
    if (usedUp.ratePerSecond) auto.safe.ratePerSecond = Math.max(auto.safe.ratePerSecond, rate);
  }
  Object.assign(auto, { at: gate.now, taken: 0, refused: 0, peak: used, peakBefore: peak });
  return { ms, taken, calls, peak, usedUp };
}

/** 429: cuts what went beyond what was safe before; what is safe no longer if nothing did. */
function cutRefused(gate: Gate, { taken, peak, usedUp }: Look): void {
  const { auto } = gate.memory;
  auto.deafUntil = gate.now + LOOK_MS;
  auto.trial = null;
  const rate = limitValue(gate.state, gate.config, "ratePerSecond");
  const top = Math.min(limitValue(gate.state, gate.config, "concurrency"), peak);
  const callsMs = (BACK_CALLS * 1000) / Math.max(taken, 0.1);
  const backMs = Math.min(BACK_MOST_MS, Math.max(BACK_MS, callsMs));
  const why = "Lowered: Ittybit answered 429.";
  const beyond = {
    ratePerSecond: usedUp.ratePerSecond && rate > auto.safe.ratePerSecond,
    concurrency: peak > auto.safe.concurrency,
  };
  const unknown = !beyond.ratePerSecond && !beyond.concurrency;
  if (beyond.ratePerSecond || unknown) {
    const to = Math.max(rate * KEEP_LEAST, usedUp.ratePerSecond ? Math.min(rate * KEEP, taken) : rate * KEEP);
    move(gate, "ratePerSecond", to, why, { top: rate, backMs });
    auto.safe.ratePerSecond = Math.min(auto.safe.ratePerSecond, to);
  }
  if (beyond.concurrency || (unknown && usedUp.concurrency)) {
    move(gate, "concurrency", top * KEEP, why, { top, backMs });
    auto.safe.concurrency = Math.min(auto.safe.concurrency, top * KEEP);
  }
}

/** One step up for a limit that work waits for. */
function climb(gate: Gate, name: LimitName, look: Look, mayStep: () => boolean): void {
  const { state, config, now } = gate;
  if (!look.usedUp[name]) return;
  const climb = climbOf(gate, name);
  climb.climbedMs += look.ms;
  if (now - climb.moved < STEP_MS || !mayStep()) return;
  const value = limitValue(state, config, name);
  const { top, backMs, climbedMs } = climb;
  const to =
    top === null
      ? value * 2 ** ((now - climb.moved) / DOUBLE_MS)
      : Math.min(value * STEP_MOST, top * curve(climbedMs, backMs));
  const why = "Raised: work waited, and Ittybit took all it was given.";
  move(
    gate,
    name,
    Math.max(value, to),
    why,
    top === null || to > FORGET * top ? { top: null, backMs } : { top, backMs, climbedMs },
  );
}

/** CUBIC: from `KEEP` to 1 in `backMs`, flat there, then up again. */
function curve(ms: number, backMs: number): number {
  return ms < backMs ? 1 - (1 - KEEP) * (1 - ms / backMs) ** 3 : 1 + (1 - KEEP) * ((ms - backMs) / BACK_MS) ** 3;
}

/** Looks at the jobs that began since concurrency last moved. True when it may climb. */
function judgeJobs(gate: Gate, { peak }: Look): boolean {
  const { state, memory, now } = gate;
  const { jobs, trial } = memory.auto;
  const unqueued = state.auto.unqueuedMs;
  // The first jobs of all are judged few: while limits are not known yet the next may queue already.
  if (jobs.count < (unqueued === null ? JUDGED_LEAST : Math.min(JUDGED_MOST, Math.max(JUDGED_LEAST, peak))))
    return false;
  const meanMs = jobs.sumMs / jobs.count;
  const settledMs = Math.max(meanMs, (peak * (now - jobs.from)) / jobs.ended);
  memory.auto.jobs = { from: now, count: 0, sumMs: 0, ended: 0 };
  const slots = limitValue(state, gate.config, "concurrency");
  if (trial !== null) {
    memory.auto.trial = null;
    // A queue gets shorter in proportion. Less than half of that: it was none, and jobs just take longer than they did.
    if (meanMs > trial.meanMs * Math.sqrt(slots / trial.before)) {
      state.auto.unqueuedMs = Math.round(meanMs);
      const why = "Raised again: with fewer at once jobs were no faster.";
      move(gate, "concurrency", trial.before, why, { top: trial.before, backMs: BACK_MS, climbedMs: BACK_MS });
      return false;
    }
  }
  if (unqueued === null) state.auto.unqueuedMs = Math.round(meanMs);
  else if (meanMs < 0.95 * unqueued) state.auto.unqueuedMs = Math.round(unqueued + FASTER * (meanMs - unqueued));
  else if (meanMs > TOLERANCE * unqueued) {
    const to = slots * Math.max(KEEP_LEAST, Math.min(KEEP, (HEADROOM * unqueued) / meanMs));
    memory.auto.trial = { before: slots, meanMs: settledMs };
    const why = `Lowered: jobs took ${seconds(meanMs)} instead of ${seconds(unqueued)}, so that more at once would only queue.`;
    move(gate, "concurrency", to, why, { top: slots, backMs: BACK_MS });
    return false;
  }
  return true;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function climbOf({ memory, state, now }: Gate, name: LimitName): Climb {
  const { climbs } = memory.auto;
  // What an earlier instance found is where this one goes on.
  climbs[name] ??= { top: state.auto[name]?.value ?? null, backMs: BACK_MS, climbedMs: BACK_MS, moved: now };
  return climbs[name];
}

function move(
  gate: Gate,
  name: LimitName,
  to: number,
  why: string,
  climb: Pick<Climb, "top" | "backMs"> & { climbedMs?: number },
): void {
  const { state, config, memory, now } = gate;
  const bounds = boundsOf(state, config, name);
  if (bounds === null) return;
  memory.auto.climbs[name] = { climbedMs: 0, ...climb, moved: now };
  const value = Math.floor(Math.min(bounds.max, Math.max(bounds.min, to)) * 1000) / 1000;
  if (value === limitValue(state, config, name)) return;
  state.auto[name] = { value, why, since: now };
  if (name === "concurrency") memory.auto.jobs = { from: now, count: 0, sumMs: 0, ended: 0 };
}
