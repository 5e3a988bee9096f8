/** Ends that are older than this, seen from the last one, do not count, in ms. */
const WINDOW_MS = 300_000;
/** The pace is that of the last ends: of at least so many, and over at least so long (ms). */
const ENDS_MIN = 50;
const SPAN_MIN_MS = 10_000;
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

/**
 * When jobs ended, of the last minutes: stored, refused or dead. The pace follows from ends alone and not from the
 * time of the view, so that it stays the same while nothing happens. An eviction forgets it.
 */
export class RecentEnds {
  #marks: Mark[] = [];

  /** `at`: Unix ms. */
  note(at: number, n: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && at < last.at) this.#marks = [];
    else if (last !== undefined && Math.floor(last.at / 1000) === Math.floor(at / 1000)) {
      last.at = at;
      last.n += n;
      return;
    }
    this.#marks = [...this.#marks.filter((mark) => at - mark.at <= WINDOW_MS), { at, n }];
  }

  /** When the last job ended, Unix ms; null: not known. */
  get lastAt(): number | null {
    return this.#marks.at(-1)?.at ?? null;
  }

  /**
   * Jobs that end per second, for work that has waited since a time (Unix ms). Null: too few jobs have ended since
   * then, or none for too long.
   */
  perSecond(now: number, since: number): number | null {
    const last = this.lastAt;
    if (last === null) return null;
    const marks = [{ at: since, n: 0 }, ...this.#marks].filter(({ at }) => at >= since && last - at <= WINDOW_MS);
    const gaps = marks.slice(1).map(({ at }, n) => at - (marks[n]?.at ?? at));
    if (now - last > Math.max(SILENT_MS, 2 * Math.max(0, ...gaps))) return null;
    let ended = 0;
    for (let n = marks.length - 1; n > 0; n -= 1) {
      ended += marks[n]?.n ?? 0;
      const spanMs = last - (marks[n - 1]?.at ?? last);
      const isEnough = n === 1 || (ended >= ENDS_MIN && spanMs >= SPAN_MIN_MS);
      if (isEnough) return spanMs < SHORTEST_MS ? null : (ended * 1000) / spanMs;
    }
    return null;
  }
}
