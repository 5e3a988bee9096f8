import type { Settings } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import { adjust, noteSubmitted, noteThrottled } from "../protocol/auto-gate.ts";
import { admit, giveBack, throttle } from "../protocol/gate.ts";
import { type Gate, newGateMemory } from "../protocol/gate-memory.ts";
import { learnJobMs } from "../protocol/job-times.ts";
import { dayOf, newGate, settingsOf } from "../tables/gate-state.ts";
import { testConfig } from "./setup-config.ts";
import { useBook } from "./use-book.ts";

/** What a service allows, and how it says so. */
export interface Service {
  /** Jobs a second and at once. */
  rate: number;
  slots: number;
  jobMs: number;
  /** Parts by which a job's time varies, evenly to both sides. */
  jitter: number;
  /** Beyond its limits it answers 429, or lets jobs queue. */
  beyond: "refuses" | "queues";
}

interface Second {
  taken: number;
  refused: number;
  ended: number;
  concurrency: number;
  rate: number;
}

const LOOP_MS = 50;
const RETRY_AFTER_MS = 1_000;

/** A ledger's gate with endless work before a service whose limits it does not know, in virtual time. */
export class AutoWorld {
  readonly gate: Gate;
  readonly service: Service;
  readonly lane: Lane;
  readonly seconds: Second[] = [];
  #random: () => number;
  #events = new Map<number, (() => void)[]>();
  #used = 0;
  #running = 0;
  #queue: (() => void)[] = [];
  #tokens: number;
  #refilled: number;

  constructor(
    service: Service,
    { seed = 1, lane = "upload", gate = {} }: { seed?: number; lane?: Lane; gate?: Partial<Settings["gate"]> } = {},
  ) {
    const now = Date.UTC(2026, 10, 24, 12);
    const config = testConfig({ gate: { monthlyJobs: null, ...gate } });
    this.service = service;
    this.lane = lane;
    this.#random = mulberry(seed);
    this.gate = { state: newGate(now), memory: newGateMemory(now), use: useBook(), config, now, random: this.#random };
    this.#tokens = service.rate;
    this.#refilled = now;
  }

  /** Lets so many seconds pass. */
  run(seconds: number): this {
    const end = this.gate.now + seconds * 1000;
    while (this.gate.now < end) {
      this.gate.now += 1;
      const now = this.gate.now;
      for (const event of this.#events.get(now) ?? []) event();
      this.#events.delete(now);
      if (now % LOOP_MS === 0) this.#exchange();
    }
    return this;
  }

  /** The last so many seconds. */
  last(seconds: number): Second[] {
    return this.seconds.slice(-seconds);
  }

  #exchange(): void {
    const { gate } = this;
    this.#refill();
    this.#drainQueue();
    if (gate.now % 1000 === 0) {
      adjust(gate, { used: this.#used, waiting: true });
      const { concurrency, ratePerSecond } = settingsOf(gate.state, gate.config);
      this.seconds.push({ taken: 0, refused: 0, ended: 0, concurrency, rate: ratePerSecond });
    }
    for (let n = 0; n < 12; n += 1) {
      const answer = admit(gate, {
        lane: this.lane,
        gen: 1,
        slots: { used: this.#used, unheard: 0 },
        hasSlot: false,
        outranked: false,
      });
      if ("code" in answer) return;
      this.#used += 1;
      const granted = gate.now;
      this.#at(answer.notBefore + this.#vary(150, 0.3), () => this.#post(granted));
    }
  }

  #post(granted: number): void {
    const { service, gate } = this;
    const told = gate.now + this.#vary(450, 0.5);
    this.#refill();
    if (service.beyond === "refuses" && (this.#tokens < 1 || this.#running >= service.slots)) {
      this.#count("refused");
      this.#at(told, () => {
        this.#used -= 1;
        giveBack(gate, this.lane, dayOf(gate.now));
        noteThrottled(gate);
        throttle(gate, gate.now + RETRY_AFTER_MS);
      });
      return;
    }
    this.#count("taken");
    this.#at(told, () => noteSubmitted(gate));
    const start = () => {
      this.#tokens -= 1;
      this.#running += 1;
      this.#at(gate.now + this.#vary(service.jobMs, service.jitter), () => this.#end(granted));
    };
    if (service.beyond === "refuses") start();
    else {
      this.#queue.push(start);
      this.#drainQueue();
    }
  }

  #end(granted: number): void {
    this.#running -= 1;
    this.#count("ended");
    this.#at(this.gate.now + this.#vary(200, 0.5), () => {
      this.#used -= 1;
      learnJobMs(this.gate, this.gate.now - granted);
    });
  }

  #drainQueue(): void {
    while (this.#queue.length > 0 && this.#running < this.service.slots && this.#tokens >= 1) this.#queue.shift()?.();
  }

  #refill(): void {
    const { rate } = this.service;
    this.#tokens = Math.min(Math.max(1, rate), this.#tokens + ((this.gate.now - this.#refilled) / 1000) * rate);
    this.#refilled = this.gate.now;
  }

  #count(what: "taken" | "refused" | "ended"): void {
    const second = this.seconds.at(-1);
    if (second) second[what] += 1;
  }

  #vary(ms: number, by: number): number {
    return ms * (1 - by + 2 * by * this.#random());
  }

  #at(ms: number, event: () => void): void {
    const at = Math.max(this.gate.now + 1, Math.ceil(ms));
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
