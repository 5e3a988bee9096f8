import type { Clock } from "@prewarm/shared/clock";
import { Timers } from "./timers.ts";

/** Turns of the event loop after which whatever does not sleep has come to its end: reading a body takes one or two. */
const TURNS = 3;
/** Running by itself: a turn of the event loop counts as this much real time at most, so a busy machine slows the world's time, not its answers. */
const TURN_MAX_MS = 20;
/** Running by itself: turns without any answer under way after which time leaps to the next timer. */
const IDLE_TURNS = 3;

/**
 * The one time of a world: ledger, handlers, queue, R2 and Ittybit all live in it. It stands still until `run` lets it pass, timer by
 * timer; or, once started, runs by itself, `scale` times as fast as the machine's while answers are under way and leaping to the next
 * timer when none is, so that deadlines of minutes cost seconds.
 */
export class VirtualClock implements Clock {
  /** The present time, for threads that share it. */
  readonly shared = new SharedArrayBuffer(8);
  // Not methods: clocks are taken apart where only one part of them is needed.
  readonly now = (): number => this.#view[0] ?? 0;
  readonly random: () => number;
  readonly #view = new Float64Array(this.shared);
  readonly #timers = new Timers();
  #underWay = 0;
  #idleTurns = 0;
  #running = false;

  constructor(start: number, random: () => number) {
    this.#view[0] = start;
    this.random = random;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.after(ms, wake);
    });
  }

  /** Runs once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void {
    return this.#timers.add(this.now() + Math.max(0, Math.ceil(ms)), run);
  }

  /** As production's within.ts, in this time. */
  async within<T>(work: Promise<T>, ms: number): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.after(ms, () => late.reject(new Error("no answer in time")));
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Time waits for this: it neither passes in `run` nor leaps. For what real threads or sockets do. */
  async holding<T>(work: () => T | Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#idleTurns = 0;
    }
  }

  /** Lets `ms` pass, and all that happens in them, one timer after the other. */
  async run(ms: number): Promise<void> {
    const end = this.now() + ms;
    await this.#quiet();
    for (let at = this.#timers.next(); at !== null && at <= end; at = this.#timers.next()) {
      this.#view[0] = Math.max(this.now(), at);
      this.#timers.fireNext();
      await this.#quiet();
    }
    this.#view[0] = end;
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

  /** From now on it runs by itself. */
  start(scale: number): void {
    this.#running = true;
    let exact = this.now();
    let lastReal = performance.now();
    const turn = (): void => {
      const real = performance.now();
      let target = exact + Math.min(real - lastReal, TURN_MAX_MS) * scale;
      lastReal = real;
      this.#idleTurns = this.#underWay === 0 ? this.#idleTurns + 1 : 0;
      if (this.#idleTurns > IDLE_TURNS) target = Math.max(target, this.#timers.next() ?? target);
      exact = target;
      this.#view[0] = Math.floor(target);
      this.#timers.fire(target);
      if (!this.#running) return;
      // Bare turns while something is about to happen, a pause while the network is awaited.
      if (this.#underWay === 0) setImmediate(turn);
      else setTimeout(turn, 1);
    };
    turn();
  }

  stop(): void {
    this.#running = false;
  }

  async #quiet(): Promise<void> {
    for (let turn = 0; turn < TURNS || this.#underWay > 0; turn += 1) await new Promise((wake) => setImmediate(wake));
  }
}
