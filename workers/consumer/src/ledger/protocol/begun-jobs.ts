const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How many jobs have ended, by the minute that they began in. */
export class BegunJobs {
  /** Those that began earlier say nothing of how Ittybit is now. Unix ms. */
  readonly since: number;
  readonly #ended = new Map<number, number>();

  constructor(since: number) {
    this.since = since;
  }

  noteEnded(beganAt: number): void {
    const minute = Math.floor(beganAt / MINUTE_MS);
    this.#ended.set(minute, (this.#ended.get(minute) ?? 0) + 1);
    for (const old of this.#ended.keys()) if (old < minute - DAY_MS / MINUTE_MS) this.#ended.delete(old);
  }

  /** Of the jobs that began then or later, how many have ended. */
  endedFrom(beganAt: number): number {
    let sum = 0;
    for (const [minute, n] of this.#ended) if (minute >= Math.floor(beganAt / MINUTE_MS)) sum += n;
    return sum;
  }
}
