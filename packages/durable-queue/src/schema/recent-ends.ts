/** Ends that are older than this, seen from the last one, do not count, in ms. */
const WINDOW_MS = 300_000;
/** The pace is that of the last ends: of at least so many, and over at least so long (ms), so that it is smooth. */
const ENDS_MIN = 50;
const SPAN_MIN_MS = 120_000;
/** A pace over a shorter time says nothing, in ms. */
const SHORTEST_MS = 3_000;
/** Without an end for this long, or for twice the longest gap between two ends, the pace is unknown, in ms. */
export const SILENT_MS = 60_000;

/** Jobs that ended within one second. */
interface Mark {
  /** Unix ms of the last of them. */
  at: number;
  n: number;
}

/** A time in which all that waited was held back, Unix ms. */
interface Hold {
  from: number;
  to: number;
}

/**
 * When jobs ended, of the last minutes: stored, refused or dead. The pace follows from ends alone and not from the
 * time of the view, so that it stays the same while nothing happens. Times in which all that waited was held back are
 * left out: the pace is that of the work. An eviction forgets it.
 */
export class RecentEnds {
  #marks: Mark[] = [];
  /** The last one may not be over: `to` is when its reason ends without an operator. */
  #holds: Hold[] = [];
  /** The usual time from a job's admission to its end: a hold shows in the ends so much later. */
  #lagMs = 0;

  /** `at`: Unix ms. */
  note(at: number, n: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && at < last.at) {
      this.#marks = [];
      this.#holds = [];
    } else if (last !== undefined && Math.floor(last.at / 1000) === Math.floor(at / 1000)) {
      last.at = at;
      last.n += n;
      return;
    }
    this.#marks = [...this.#marks.filter((mark) => this.#workedMs(mark.at, at) <= WINDOW_MS), { at, n }];
    const oldest = this.#marks[0]?.at ?? at;
    this.#holds = this.#holds.filter(({ to }) => to + this.#lagMs >= oldest);
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

  /** For how long no job has ended, held times left out, in ms; null: no end is known. */
  silentMs(now: number): number | null {
    const last = this.#marks.at(-1);
    return last === undefined ? null : this.#workedMs(last.at, now);
  }

  /**
   * Jobs that end per second, for work that has waited since a time (Unix ms). Null: too few jobs have ended since
   * then, or none for too long.
   */
  perSecond(now: number, since: number): number | null {
    const last = this.#marks.at(-1)?.at;
    const silentMs = this.silentMs(now);
    if (last === undefined || silentMs === null) return null;
    const worked = (from: number, to = last) => this.#workedMs(from, to);
    const known = this.#marks.filter(({ at }) => !this.#isHeld(at));
    const marks = [{ at: since, n: 0 }, ...known].filter(({ at }) => at >= since && worked(at) <= WINDOW_MS);
    const gaps = marks.slice(1).map(({ at }, n) => worked(marks[n]?.at ?? at, at));
    if (silentMs > Math.max(SILENT_MS, 2 * Math.max(0, ...gaps))) return null;
    let ended = 0;
    for (let n = marks.length - 1; n > 0; n -= 1) {
      ended += marks[n]?.n ?? 0;
      const spanMs = worked(marks[n - 1]?.at ?? last);
      const isEnough = n === 1 || (ended >= ENDS_MIN && spanMs >= SPAN_MIN_MS);
      if (isEnough) return spanMs < SHORTEST_MS ? null : (ended * 1000) / spanMs;
    }
    return null;
  }

  /** The time between two ends in which their jobs could be admitted. */
  #workedMs(from: number, to: number): number {
    const lag = this.#lagMs;
    const heldMs = (hold: Hold) => Math.max(0, Math.min(to, hold.to + lag) - Math.max(from, hold.from + lag));
    return this.#holds.reduce((ms, hold) => ms - heldMs(hold), to - from);
  }

  #isHeld(at: number): boolean {
    return this.#holds.some(({ from, to }) => from + this.#lagMs < at && at < to + this.#lagMs);
  }
}
