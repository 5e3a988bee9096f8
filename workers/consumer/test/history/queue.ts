import type { WakeUp } from "@prewarm/shared/messages";
import type { QueueMessage } from "../../src/platform/queue-message.ts";
import { type Faults, strike } from "./faults.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const BATCH_MS = 300;
const BATCH_MAX = 10;
const ATTEMPTS_MAX = 11;

export interface Flying {
  body: WakeUp;
  attempts: number;
}

/** A queue that delivers at least once, in any order, and forgets everything when told to. */
export class HistoryQueue {
  readonly #clock: VirtualClock;
  readonly #faults: () => Faults;
  readonly #deliver: (messages: QueueMessage[]) => Promise<void>;
  #ready: Flying[] = [];
  #flying = new Set<Flying>();
  #collecting = false;
  #sent = 0;

  constructor(clock: VirtualClock, faults: () => Faults, deliver: (messages: QueueMessage[]) => Promise<void>) {
    this.#clock = clock;
    this.#faults = faults;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#flying.size;
  }

  send(body: WakeUp): void {
    const late = this.#faults().lateMessages.shift() ?? 0;
    this.#fly({ body, attempts: 1 }, late + this.#clock.random() * 1_000);
    if (strike(this.#faults(), "doubled")) this.#fly({ body, attempts: 1 }, this.#clock.random() * 60_000);
  }

  /** Everything under way is gone, as after a restart of the local stack. */
  forget(): void {
    this.#flying.clear();
    this.#ready = [];
  }

  #fly(one: Flying, ms: number): void {
    this.#flying.add(one);
    void this.#clock.sleep(ms).then(() => {
      if (!this.#flying.has(one)) return;
      this.#ready.push(one);
      if (!this.#collecting) void this.#collect();
    });
  }

  async #collect(): Promise<void> {
    this.#collecting = true;
    await this.#clock.sleep(BATCH_MS);
    this.#collecting = false;
    const batch = this.#ready.splice(0, BATCH_MAX);
    if (this.#ready.length > 0) void this.#collect();
    if (batch.length > 0) await this.#handle(batch);
  }

  /** What a handler neither acks nor asks to be put off comes again at once. */
  async #handle(batch: Flying[]): Promise<void> {
    const fates = new Map<Flying, number | "ack">();
    const messages = batch.map((one): QueueMessage => {
      this.#sent += 1;
      const settle = (fate: number | "ack") => void (fates.has(one) || fates.set(one, fate));
      return {
        id: `m${this.#sent}`,
        timestamp: new Date(this.#clock.now()),
        body: one.body,
        attempts: one.attempts,
        ack: () => settle("ack"),
        retry: (options) => settle((options?.delaySeconds ?? 0) * 1_000),
      };
    });
    await this.#deliver(messages);
    for (const one of batch) {
      const known = this.#flying.delete(one);
      const fate = fates.get(one) ?? 1_000;
      if (known && fate !== "ack" && one.attempts < ATTEMPTS_MAX)
        this.#fly({ ...one, attempts: one.attempts + 1 }, fate);
    }
  }
}
