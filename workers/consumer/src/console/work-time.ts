import { type Minutes, TIERS_MS } from "./tables/history.ts";

/** The pace is that of the newest minutes: of at least so many ends in at least so long (ms), so that it is smooth. */
const ENDS_MIN = 50;
const SPAN_MIN_MS = 120_000;
/** Minutes before so much time of work (ms), or before so many minutes, do not count. */
const WINDOW_MS = 300_000;
const MINUTES_MAX = 10;
/** A pace over a shorter time says nothing, in ms. */
const SHORTEST_MS = 3_000;
/** Without an end for this long, or for twice the longest time between two ends, the pace is unknown, in ms. */
export const SILENT_MS = 60_000;

/** A time in which all that waited was held back, Unix ms. */
interface Hold {
  from: number;
  to: number;
}

/**
 * The time in which jobs could end: since the work began or the last job ended, without the times in which all that
 * waited was held back. An eviction forgets it: the time goes on when the next instance begins.
 */
export class WorkTime {
  /** When this instance or the work began, or the last job ended, Unix ms. */
  #at: number;
  /** The last one may not be over: `to` is when its reason ends without an operator. */
  #holds: Hold[] = [];
  /** The usual time from a job's admission to its end: a hold shows in the ends so much later. */
  #lagMs = 0;

  /** `now`: Unix ms. */
  constructor(now: number) {
    this.#at = now;
  }

  /** Jobs wait after a time without any. */
  begin(now: number): void {
    this.#at = now;
  }

  /** Jobs have ended. Returns the time of work since the last end, ms; null: it was held, or the clock went back. */
  end(now: number): number | null {
    if (this.#isHeld(now)) return null;
    const ms = now < this.#at ? null : this.#workedMs(this.#at, now);
    this.begin(now);
    this.#holds = this.#holds.filter(({ to }) => to + this.#lagMs >= now);
    return ms;
  }

  /**
   * Notes until when all that waits is held back, Unix ms, or that it is not (null). Each change of the queue calls it.
   * `jobMs`: how long a job usually takes.
   */
  hold(now: number, until: number | null, jobMs: number): void {
    this.#lagMs = jobMs;
    const last = this.#holds.at(-1);
    const isOn = last !== undefined && now <= last.to;
    if (isOn) last.to = until ?? now;
    else if (until !== null) this.#holds.push({ from: now, to: until });
  }

  /** For how long no job has ended, held times left out, in ms. */
  silentMs(now: number): number {
    return this.#workedMs(this.#at, now);
  }

  /** The part of a time in which jobs could end that were admitted when nothing was held. */
  #workedMs(from: number, to: number): number {
    const lag = this.#lagMs;
    const heldMs = (hold: Hold) => Math.max(0, Math.min(to, hold.to + lag) - Math.max(from, hold.from + lag));
    return this.#holds.reduce((ms, hold) => ms - heldMs(hold), to - from);
  }

  #isHeld(at: number): boolean {
    return this.#holds.some(({ from, to }) => from + this.#lagMs < at && at < to + this.#lagMs);
  }
}

/** The starts of the minutes that tell the pace, the newest first. */
export function minutesOfPace(minutes: Minutes): number[] {
  const found: number[] = [];
  let [ended, ms] = [0, 0];
  for (const at of Object.keys(minutes)
    .map(Number)
    .sort((a, b) => b - a)) {
    const work = minutes[at]?.work;
    if (work === undefined || work.ended === 0) continue;
    if (found.length >= MINUTES_MAX || ms >= WINDOW_MS || (ms >= SPAN_MIN_MS && ended >= ENDS_MIN)) break;
    found.push(at);
    ended += work.ended;
    ms += work.ms;
  }
  return found;
}

/** Jobs that end per second, and the slowest and the fastest of the last minutes. */
export interface Speed {
  perSecond: number;
  slow: number;
  fast: number;
}

/** The slowest and the fastest minute count as at least so far from the pace, and at most. Chosen. */
const APART = { least: 1.1, most: 2 };

/** The pace. Null: too few jobs have ended, or none for too long (`silentMs`). */
export function speedOf(minutes: Minutes, silentMs: number): Speed | null {
  const work = minutesOfPace(minutes).map((at) => minutes[at]?.work ?? { ended: 0, ms: 0 });
  const longest = Math.max(0, ...work.map(({ ms }) => ms));
  // A minute has more than a minute's time only if no job ended before it for long.
  if (silentMs > (longest > TIERS_MS.minute ? 2 * longest : SILENT_MS)) return null;
  const ms = work.reduce((sum, one) => sum + one.ms, 0);
  if (ms < SHORTEST_MS) return null;
  const perSecond = (work.reduce((sum, one) => sum + one.ended, 0) * 1000) / ms;
  const each = work.filter((one) => one.ms >= SHORTEST_MS).map((one) => (one.ended * 1000) / one.ms);
  const { least, most } = APART;
  const slow = Math.max(perSecond / most, Math.min(perSecond / least, ...each));
  return { perSecond, slow, fast: Math.min(perSecond * most, Math.max(perSecond * least, ...each)) };
}
