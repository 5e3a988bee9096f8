import type { Clock } from "@prewarm/shared/clock";

/** Turns of the event loop after which whatever does not sleep has come to its end: reading a body takes one or two. */
const TURNS = 3;

/** Time that stands still until `run`: then sleepers wake one by one, in the order of their times, and nothing else moves it. */
export class VirtualClock implements Clock {
  /** Rings once when its time comes; set `at` anew to ring again. */
  readonly alarm = { at: Number.POSITIVE_INFINITY, ring: (): void => undefined };
  readonly random: () => number;
  readonly #sleepers: { at: number; wake: () => void }[] = [];
  #now: number;

  constructor(start: number, random: () => number) {
    this.#now = start;
    this.random = random;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    const at = this.#now + Math.max(0, Math.ceil(ms));
    return new Promise((wake) => {
      let place = this.#sleepers.length;
      while (place > 0 && (this.#sleepers[place - 1]?.at ?? 0) > at) place -= 1;
      this.#sleepers.splice(place, 0, { at, wake });
    });
  }

  /** Lets `ms` pass, and all that happens in them. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#quiet();
    for (;;) {
      const next = this.#sleepers[0];
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, this.alarm.at);
      if (at > end) break;
      this.#now = Math.max(this.#now, at);
      if (next !== undefined && next.at <= this.alarm.at) {
        this.#sleepers.shift();
        next.wake();
      } else {
        this.alarm.at = Number.POSITIVE_INFINITY;
        this.alarm.ring();
      }
      await this.#quiet();
    }
    this.#now = end;
  }

  /** Runs until the work has ended. */
  async until<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const ending = work.finally(() => {
      ended = true;
    });
    ending.catch(() => undefined);
    while (!ended) await this.run(100);
    return ending;
  }

  async #quiet(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
