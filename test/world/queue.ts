import type { QueueMessage } from "../../workers/consumer/src/platform/queue-message.ts";
import type { Chance } from "./chance.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { Weather } from "./weather.ts";

interface Waiting {
  id: string;
  body: unknown;
  sentAt: number;
  attempts: number;
  readyAt: number;
}

export interface QueueOptions {
  name: string;
  /** Handlers at work at once. */
  handlers: number;
  /**
   * One handler at first, and one more each time that a batch completes while messages wait. Default: all of them at
   * once. The platform's page says only that it looks at its consumers after a whole batch.
   */
  grows?: boolean;
  /** A batch is closed when it is full or its first message has waited for so long. */
  batch: { max: number; timeoutMs: number };
  /** Batches of any size, in any order. */
  unruly: boolean;
}

export interface Delivery {
  queue: string;
  messages: QueueMessage[];
  backlog: number;
}

const MAX_RETRIES = 10;

/** A queue that delivers to handlers as the weather lets it: late, doubled, in any order, or not at all. */
export class Queue {
  readonly options: QueueOptions;
  readonly counts = { sent: 0, lost: 0, doubled: 0, dead: 0, peak: 0 };
  readonly #world: { clock: VirtualClock; weather: Weather; chance: Chance };
  /** Ends when the handler is through, or is waited for no more. */
  readonly #deliver: (delivery: Delivery) => Promise<void>;
  #waiting: Waiting[] = [];
  #busy = 0;
  #consumers: number;
  #restarts = 0;
  #window: (() => void) | null = null;

  constructor(
    options: QueueOptions,
    world: { clock: VirtualClock; weather: Weather; chance: Chance },
    deliver: (delivery: Delivery) => Promise<void>,
  ) {
    this.options = options;
    this.#world = world;
    this.#deliver = deliver;
    this.#consumers = options.grows ? 1 : options.handlers;
  }

  get depth(): number {
    return this.#waiting.length;
  }

  /** False when the message is lost, which its sender does not learn. */
  send(body: unknown): boolean {
    this.counts.sent += 1;
    const id = `${this.options.name}-${this.counts.sent}`;
    const copies = this.#world.weather.message();
    for (const ms of copies) this.#add({ id, body, sentAt: this.#world.clock.now(), attempts: 1, readyAt: 0 }, ms);
    if (copies.length === 0) this.counts.lost += 1;
    this.counts.doubled += Math.max(0, copies.length - 1);
    return copies.length > 0;
  }

  /** Everything is gone, what handlers hold among it, as after a restart of the local stack. */
  forget(): void {
    this.#waiting = [];
    this.#restarts += 1;
  }

  #add(one: Waiting, ms: number): void {
    one.readyAt = this.#world.clock.now() + ms;
    this.#waiting.push(one);
    this.counts.peak = Math.max(this.counts.peak, this.depth);
    this.#world.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const { batch } = this.options;
    const now = this.#world.clock.now();
    const ready = this.#waiting.filter(({ readyAt }) => readyAt <= now);
    const first = ready[0];
    if (first === undefined || this.#busy >= this.#consumers) return;
    const left = first.readyAt + batch.timeoutMs - now;
    if (ready.length >= batch.max || left <= 0) {
      void this.#hand(ready);
      this.#look();
    } else {
      this.#window ??= this.#world.clock.after(left, () => {
        this.#window = null;
        this.#look();
      });
    }
  }

  /** What its handler does not ack comes again. */
  async #hand(ready: Waiting[]): Promise<void> {
    const { chance } = this.#world;
    const restarts = this.#restarts;
    const taken = this.#take(ready);
    const gone = new Set(taken);
    this.#waiting = this.#waiting.filter((one) => !gone.has(one));
    this.#busy += 1;
    const verdicts = new Map<Waiting, "ack" | number>();
    const messages = taken.map((one) => messageOf(one, (verdict) => verdicts.has(one) || verdicts.set(one, verdict)));
    await this.#deliver({ queue: this.options.name, messages, backlog: this.depth + taken.length });
    this.#busy -= 1;
    if (this.#waiting.some(({ readyAt }) => readyAt <= this.#world.clock.now()))
      this.#consumers = Math.min(this.options.handlers, this.#consumers + 1);
    for (const one of taken) {
      const verdict = verdicts.get(one) ?? chance.between(0, 30_000);
      // What a zombie says later is too late.
      verdicts.set(one, verdict);
      if (verdict === "ack" || restarts !== this.#restarts) continue;
      if (one.attempts > MAX_RETRIES) this.counts.dead += 1;
      else this.#add({ ...one, attempts: one.attempts + 1 }, verdict);
    }
    this.#look();
  }

  #take(ready: Waiting[]): Waiting[] {
    const { batch, unruly } = this.options;
    if (!unruly) return ready.slice(0, batch.max);
    const { chance } = this.#world;
    const size = chance.hits(0.1) ? batch.max : Math.ceil(chance.random() * Math.min(15, batch.max));
    const taken: Waiting[] = [];
    while (taken.length < size && ready.length > 0) {
      // Mostly from the front, sometimes from anywhere.
      const reach = chance.hits(0.2) ? ready.length : Math.min(ready.length, 2 * size);
      taken.push(...ready.splice(Math.floor(chance.random() * reach), 1));
    }
    return taken;
  }
}

function messageOf(one: Waiting, settle: (verdict: "ack" | number) => void): QueueMessage {
  return {
    id: one.id,
    timestamp: new Date(one.sentAt),
    body: structuredClone(one.body),
    attempts: one.attempts,
    ack: () => settle("ack"),
    retry: (options) => settle((options?.delaySeconds ?? 10) * 1_000),
  };
}
