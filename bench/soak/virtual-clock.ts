import type { Clock } from "@prewarm/shared/clock";
import type { Chance } from "./random.ts";
import { Timers } from "./timers.ts";

/** A turn of the event loop counts as this much real time at most: a busy machine slows the soak's time, not its answers. */
const TURN_MAX_MS = 20;
/** Turns without any answer under way after which time leaps to the next timer. */
const IDLE_TURNS = 3;

/**
 * Time that runs `scale` times as fast as the machine's while answers are under way, and leaps to the next timer when none
 * is: deadlines of minutes cost seconds. Ledger, handlers, queue, R2 and emulator all live in it; only HTTP is real.
 */
export class VirtualClock implements Clock {
  /** The present time, for threads that share it. */
  readonly shared = new SharedArrayBuffer(8);
  readonly #view = new Float64Array(this.shared);
  readonly #timers = new Timers();
  readonly #chance: Chance;
  readonly #scale: number;
  #exact: number;
  #underWay = 0;
  #idleTurns = 0;
  #lastReal = performance.now();
  #running = true;

  constructor(chance: Chance, scale: number, start = 1_800_000_000_000) {
    this.#chance = chance;
    this.#scale = scale;
    this.#exact = start;
    this.#view[0] = start;
    this.#turn();
  }

  // Not methods: clocks are taken apart where only one part of them is needed.
  readonly now = (): number => this.#view[0] ?? 0;
  readonly random = (): number => this.#chance.random();

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#timers.add(this.now() + Math.max(0, ms), wake);
    });
  }

  /** Runs once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void {
    return this.#timers.add(this.now() + ms, run);
  }

  /** Time does not leap while this goes on. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#idleTurns = 0;
    }
  }

  stop(): void {
    this.#running = false;
  }

  #turn(): void {
    const real = performance.now();
    let target = this.#exact + Math.min(real - this.#lastReal, TURN_MAX_MS) * this.#scale;
    this.#lastReal = real;
    this.#idleTurns = this.#underWay === 0 ? this.#idleTurns + 1 : 0;
    if (this.#idleTurns > IDLE_TURNS) target = Math.max(target, this.#timers.next() ?? target);
    this.#exact = target;
    this.#view[0] = Math.floor(target);
    this.#timers.fire(target);
    if (!this.#running) return;
    // Bare turns while something is about to happen, a pause while the network is awaited.
    if (this.#underWay === 0) setImmediate(() => this.#turn());
    else setTimeout(() => this.#turn(), 1);
  }
}
