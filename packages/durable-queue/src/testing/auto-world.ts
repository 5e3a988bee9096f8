import { noteAccepted, noteLimited, noteThrottled } from "../admission/auto-gate.ts";
import { admit, throttle } from "../admission/gate.ts";
import { type Gate, newGateMemory } from "../memory/gate-memory.ts";
import { newGate } from "../tables/gate-state.ts";
import type { QueueConfig } from "../tables/queue-config.ts";
import { queueConfig } from "./queue-config.ts";
import { useBook } from "./use-book.ts";

/** What a service allows. Beyond that it answers 429. */
export interface Service {
  /** Jobs a second, with a bucket of one second, and jobs at once. */
  rate: number;
  slots: number;
  /** Mean duration of a job. */
  jobMs: number;
}

interface Second {
  taken: number;
  refused: number;
  ended: number;
}

const LOOP_MS = 50;
/** POSTs that one exchange may begin. */
const POSTS = 12;
const RETRY_AFTER_MS = 1_000;
/** Latencies in ms with the share by which they vary: a POST's way, its answer, a job (of its mean), and the look that sees its end. */
const POST = [150, 0.3] as const;
const ANSWER = [450, 0.5] as const;
const JOB_JITTER = 0.3;
const SEEN = [200, 0.5] as const;

/** A queue's gate with endless work before a service whose limits it does not know, in virtual time. */
export class AutoWorld {
  readonly gate: Gate;
  readonly service: Service;
  readonly seconds: Second[] = [];
  readonly #random: () => number;
  readonly #events = new Map<number, (() => void)[]>();
  #used = 0;
  #running = 0;
  #tokens: number;

  constructor(service: Service, { seed = 1, gate = {} }: { seed?: number; gate?: Partial<QueueConfig["gate"]> } = {}) {
    const now = Date.UTC(2026, 10, 24, 12);
    const config = queueConfig({ budget: null, ...gate });
    this.service = { ...service };
    this.#random = mulberry(seed);
    this.gate = {
      state: newGate(now),
      memory: newGateMemory(now),
      use: useBook(),
      config,
      budget: null,
      service: "The service",
      now,
      random: this.#random,
    };
    this.#tokens = service.rate;
  }

  /** Lets so many seconds pass. */
  run(seconds: number): this {
    const { gate, service } = this;
    const end = gate.now + seconds * 1000;
    while (gate.now < end) {
      gate.now += 1;
      this.#tokens = Math.min(Math.max(1, service.rate), this.#tokens + service.rate / 1000);
      for (const event of this.#events.get(gate.now) ?? []) event();
      this.#events.delete(gate.now);
      if (gate.now % 1000 === 0) this.seconds.push({ taken: 0, refused: 0, ended: 0 });
      if (gate.now % LOOP_MS === 0) this.#exchange();
    }
    return this;
  }

  #exchange(): void {
    for (let n = 0; n < POSTS; n += 1) {
      const slots = { used: this.#used, unreported: 0 };
      const answer = admit(this.gate, { lane: "middle", gen: 1, slots, outranked: false });
      if ("code" in answer) {
        noteLimited(this.gate, answer);
        return;
      }
      this.#used += 1;
      this.#after(answer.notBefore - this.gate.now + this.#vary(POST), () => this.#post());
    }
  }

  #post(): void {
    const { service, gate } = this;
    if (this.#tokens < 1 || this.#running >= service.slots) {
      this.#count("refused");
      this.#after(this.#vary(ANSWER), () => {
        this.#used -= 1;
        noteThrottled(gate);
        throttle(gate, gate.now + RETRY_AFTER_MS);
      });
      return;
    }
    this.#count("taken");
    this.#tokens -= 1;
    this.#running += 1;
    this.#after(this.#vary(ANSWER), () => noteAccepted(gate));
    this.#after(this.#vary([service.jobMs, JOB_JITTER]), () => this.#end());
  }

  #end(): void {
    this.#running -= 1;
    this.#count("ended");
    this.#after(this.#vary(SEEN), () => {
      this.#used -= 1;
    });
  }

  #count(what: keyof Second): void {
    const second = this.seconds.at(-1);
    if (second) second[what] += 1;
  }

  #vary([ms, by]: readonly [number, number]): number {
    return ms * (1 - by + 2 * by * this.#random());
  }

  #after(ms: number, event: () => void): void {
    const at = this.gate.now + Math.max(1, Math.ceil(ms));
    const there = this.#events.get(at);
    if (there) there.push(event);
    else this.#events.set(at, [event]);
  }
}

/** A small seeded generator (mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
