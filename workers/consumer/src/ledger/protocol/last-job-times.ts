/** So many of the last jobs count. */
const KEPT = 100;
/** Before anything is learned job times are taken to lie evenly between 0 and this, in ms. */
const UNKNOWN_MOST_MS = 2_000;

/** How long the last jobs took, in ms: as they were, for a first look must fall at the time, not at the edge of a bucket around it. */
export class JobTimes {
  readonly #last: number[] = [];
  #sorted: number[] | null = null;

  note(ms: number): void {
    this.#last.push(ms);
    if (this.#last.length > KEPT) this.#last.shift();
    this.#sorted = null;
  }

  /** The time in ms that the share `q` (0–1) of jobs keeps within. */
  quantile(q: number): number {
    this.#sorted ??= this.#last.toSorted((a, b) => a - b);
    const at = Math.min(this.#sorted.length - 1, Math.floor(q * this.#sorted.length));
    return this.#sorted[at] ?? q * UNKNOWN_MOST_MS;
  }
}
