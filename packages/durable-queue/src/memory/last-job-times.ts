/**
 * The window of job times: every job of the last `ms`, at least `least` jobs, at most `most`. A page of the service's list
 * shows many ends at one time, so a window of `least` jobs could contain the longest jobs only.
 */
const KEPT = { least: 100, ms: 10_000, most: 2_000 };
/** Before the first observation job times count as uniform between 0 and this, in ms. */
const UNKNOWN_MOST_MS = 2_000;

/**
 * How long the last jobs took, in ms. The times are exact: the first look at a job must be at that time, not at the
 * bound of a bucket.
 */
export class JobTimes {
  readonly #last: { ms: number; seenAt: number }[] = [];
  #sorted: number[] | null = null;

  note(ms: number, now: number): void {
    this.#last.push({ ms, seenAt: now });
    while (this.#isTooMany(now)) this.#last.shift();
    this.#sorted = null;
  }

  /** The time in ms within which the share `q` (0–1) of the jobs ended. */
  quantile(q: number): number {
    this.#sorted ??= this.#last.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = Math.min(this.#sorted.length - 1, Math.floor(q * this.#sorted.length));
    return this.#sorted[at] ?? q * UNKNOWN_MOST_MS;
  }

  /** For how long ends have been observed, of those that are kept, ms. */
  knownForMs(now: number): number {
    return now - (this.#last[0]?.seenAt ?? now);
  }

  #isTooMany(now: number): boolean {
    const oldest = this.#last[0]?.seenAt ?? now;
    return this.#last.length > KEPT.most || (this.#last.length > KEPT.least && oldest < now - KEPT.ms);
  }
}
