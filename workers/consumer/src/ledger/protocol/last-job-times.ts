/**
 * So many of the last jobs count, and all of the last seconds, up to a most: what a page of Ittybit's list shows at once has one age, and a
 * hundred of the longest would stand for all.
 */
const KEPT = { least: 100, ms: 10_000, most: 2_000 };
/** Before anything is learned job times are taken to lie evenly between 0 and this, in ms. */
const UNKNOWN_MOST_MS = 2_000;

/** How long the last jobs took, in ms: as they were, for a first look must fall at the time, not at the edge of a bucket around it. */
export class JobTimes {
  readonly #last: { ms: number; seenAt: number }[] = [];
  #sorted: number[] | null = null;

  note(ms: number, now: number): void {
    this.#last.push({ ms, seenAt: now });
    while (this.#isTooMany(now)) this.#last.shift();
    this.#sorted = null;
  }

  /** The time in ms that the share `q` (0–1) of jobs keeps within. */
  quantile(q: number): number {
    this.#sorted ??= this.#last.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = Math.min(this.#sorted.length - 1, Math.floor(q * this.#sorted.length));
    return this.#sorted[at] ?? q * UNKNOWN_MOST_MS;
  }

  #isTooMany(now: number): boolean {
    const oldest = this.#last[0]?.seenAt ?? now;
    return this.#last.length > KEPT.most || (this.#last.length > KEPT.least && oldest < now - KEPT.ms);
  }
}
