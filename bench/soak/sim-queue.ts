import type { QueueMessage } from "../../workers/consumer/src/platform/queue-message.ts";
import type { Rates } from "./faults.ts";
import type { Chance } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

interface Waiting {
  id: string;
  body: unknown;
  sentAt: number;
  attempts: number;
  readyAt: number;
}

/** A message in a handler's hands. */
export interface Delivered {
  message: QueueMessage;
  /** Null: nothing was said about it. */
  verdict: () => "ack" | { delayMs: number } | null;
  waiting: Waiting;
}

const MAX_RETRIES = 10;

/** A queue that loses, doubles, reorders and delays; beyond its retries a message goes to `dead`. */
export class SimQueue {
  readonly name: string;
  readonly counts = { sent: 0, lost: 0, doubled: 0, delivered: 0, dead: 0, peak: 0 };
  readonly #waiting: Waiting[] = [];
  readonly #clock: VirtualClock;
  readonly #chance: Chance;
  readonly #rates: () => Rates;
  #next = 0;

  constructor(name: string, clock: VirtualClock, chance: Chance, rates: () => Rates) {
    this.name = name;
    this.#clock = clock;
    this.#chance = chance;
    this.#rates = rates;
  }

  get depth(): number {
    return this.#waiting.length;
  }

  /** False when the message is lost, which the sender does not learn. */
  send(body: unknown): boolean {
    this.counts.sent += 1;
    const { messageLost, messageDoubled } = this.#rates();
    if (this.#chance.hits(messageLost)) {
      this.counts.lost += 1;
      return false;
    }
    this.#add(body, 1);
    if (!this.#chance.hits(messageDoubled)) return true;
    this.counts.doubled += 1;
    this.#add(body, 1);
    return true;
  }

  /** As the platform closes a batch: full, or its first message has waited for `timeoutMs`. In order. */
  takeBatch(max: number, timeoutMs: number): Delivered[] {
    const now = this.#clock.now();
    const ready = this.#waiting.filter(({ readyAt }) => readyAt <= now);
    const first = ready[0];
    if (first === undefined || (ready.length < max && now - first.readyAt < timeoutMs)) return [];
    const taken = ready.slice(0, max);
    for (const one of taken) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    this.counts.delivered += taken.length;
    return taken.map(deliver);
  }

  /** Up to `max` messages that are ready, in any order. */
  take(max: number): Delivered[] {
    const now = this.#clock.now();
    const taken: Delivered[] = [];
    for (let tries = 2 * max; tries > 0 && taken.length < max && this.#waiting.length > 0; tries -= 1) {
      // Mostly from the front, sometimes from anywhere.
      const reach = this.#chance.hits(0.2) ? this.#waiting.length : Math.min(this.#waiting.length, 2 * max);
      const at = Math.floor(this.#chance.random() * reach);
      const one = this.#waiting[at];
      if (one === undefined || one.readyAt > now) continue;
      this.#waiting.splice(at, 1);
      taken.push(deliver(one));
    }
    this.counts.delivered += taken.length;
    return taken;
  }

  /** What its handler did not ack comes again. */
  giveBack({ waiting, verdict }: Delivered): void {
    const said = verdict();
    if (said === "ack") return;
    if (waiting.attempts > MAX_RETRIES) {
      this.counts.dead += 1;
      return;
    }
    const delayMs = said === null ? this.#chance.between(0, 30_000) : said.delayMs;
    this.#push({ ...waiting, attempts: waiting.attempts + 1, readyAt: this.#clock.now() + delayMs });
  }

  #add(body: unknown, attempts: number): void {
    this.#next += 1;
    const { messageDelayed } = this.#rates();
    const slow = this.#chance.hits(messageDelayed) ? 300_000 : 1_000;
    const now = this.#clock.now();
    // Without faults messages keep their order.
    const readyAt = now + (messageDelayed === 0 ? 50 : this.#chance.between(10, slow));
    this.#push({ id: `${this.name}-${this.#next}`, body, sentAt: now, attempts, readyAt });
  }

  #push(one: Waiting): void {
    this.#waiting.push(one);
    this.counts.peak = Math.max(this.counts.peak, this.#waiting.length);
  }
}

function deliver(waiting: Waiting): Delivered {
  let verdict: ReturnType<Delivered["verdict"]> = null;
  const message: QueueMessage = {
    id: waiting.id,
    timestamp: new Date(waiting.sentAt),
    body: structuredClone(waiting.body),
    attempts: waiting.attempts,
    ack() {
      verdict ??= "ack";
    },
    retry(options) {
      verdict ??= { delayMs: (options?.delaySeconds ?? 10) * 1000 };
    },
  };
  return { message, verdict: () => verdict, waiting };
}
