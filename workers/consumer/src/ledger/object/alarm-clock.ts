import type { Clock } from "@prewarm/shared/clock";
import { ALARM_LATE_MS } from "@prewarm/shared/limits";

/** Setting an alarm writes a row: one that is at most this much later than wanted is left as it is. */
const SLACK_MS = 200;
/** The clocks of the object and of the platform's alarms differ by less. Chosen. */
const CLOCKS_MS = 30_000;

export type AlarmStorage = Pick<DurableObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">;

/**
 * The object's one alarm, moved only when that is worth a row. An alarm may be lost: it never fires, and its time, which is past, may
 * still read as set. Such an alarm counts as none. One that is late, but may still fire, is left alone.
 */
export class AlarmClock {
  readonly #storage: AlarmStorage;
  readonly #clock: Pick<Clock, "now">;
  #at: number | null = null;

  constructor(storage: AlarmStorage, clock: Pick<Clock, "now">) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** Reads what is set; call it before anything else. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** It has rung: none is set. */
  rang(): void {
    this.#at = null;
  }

  /** Rings at this time at the latest. */
  by(at: number | null): void {
    if (at === null) return;
    const set = this.#willFireAt();
    if (set === null || set > at + SLACK_MS) this.#set(at);
  }

  /** Rings at this time and not before; null: not at all. */
  at(at: number | null): void {
    if (at === null) {
      if (this.#at !== null) void this.#storage.deleteAlarm();
      this.#at = null;
      return;
    }
    const set = this.#willFireAt();
    if (set === null || Math.abs(set - at) > SLACK_MS) this.#set(at);
  }

  #willFireAt(): number | null {
    const isLost = this.#at !== null && this.#at < this.#clock.now() - ALARM_LATE_MS - CLOCKS_MS;
    return isLost ? null : this.#at;
  }

  #set(at: number): void {
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
