/** Ends that are judged together. */
const ENDS = 200;
/** So many of them must have had their hook. */
const ENOUGH = 0.95;
/** A hook that comes so much later than its end was seen otherwise is in time: who of the two is first says only how often we look. */
const LATE_MS = 1_000;

/** Whether Ittybit's webhooks come for what ends. In memory only: a new instance begins by not believing it. */
export class HookProof {
  #ends: boolean[] = [];
  #proven = false;
  /** When ends were seen whose hook has not come, by generation; Unix ms. */
  readonly #awaited = new Map<number, number>();

  /** A job that was told to call us was seen to end; `came`: it had called. */
  ended(gen: number, came: boolean, now: number): void {
    if (came) this.#note(true);
    else this.#awaited.set(gen, now);
  }

  /** A hook says that the generation's job has ended. */
  came(gen: number, now: number): void {
    this.#expire(now);
    if (this.#awaited.delete(gen)) this.#note(true);
  }

  isProven(now: number): boolean {
    this.#expire(now);
    return this.#proven;
  }

  #expire(now: number): void {
    for (const [gen, seenAt] of this.#awaited) {
      // In the order they were seen.
      if (now - seenAt <= LATE_MS) return;
      this.#awaited.delete(gen);
      this.#note(false);
    }
  }

  /** One that did not come is enough to look as often as without hooks. */
  #note(came: boolean): void {
    if (!came && this.#proven) {
      this.#proven = false;
      this.#ends = [];
      return;
    }
    this.#ends = [...this.#ends, came].slice(-ENDS);
    this.#proven ||= this.#ends.length === ENDS && this.#ends.filter((one) => one).length >= ENOUGH * ENDS;
  }
}
