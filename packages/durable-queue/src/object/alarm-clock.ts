import type { Clock } from "../clock.ts";

/** Setting an alarm writes a row, so an alarm that is at most this much too late stays as it is. */
const SLACK_MS = 200;
/**
 * Maintenance or a failover delays an alarm by up to a minute (developers.cloudflare.com/durable-objects/api/alarms, read
 * 2026-11).
 */
export const ALARM_LATE_MS = 60_000;
/** Maximum difference between the clocks of the object and of the platform's alarms. Chosen. */
const CLOCKS_MS = 30_000;

/** The alarm of a Durable Object. Times are Unix ms. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/**
 * The alarm of the object, moved only when that is worth a row. The platform may lose an alarm: it never fires, and its
 * past time may still read as set. Such an alarm counts as none. An alarm that is late but may still fire stays as it
 * is.
 */
export class AlarmClock {
  readonly #storage: AlarmStorage;
  readonly #clock: Pick<Clock, "now">;
  #at: number | null = null;

  constructor(storage: AlarmStorage, clock: Pick<Clock, "now">) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** Reads the alarm that is set. Call it before any other method. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** The alarm has fired, so none is set. */
  rang(): void {
    this.#at = null;
  }

  /** Lets the alarm fire at this time or earlier. */
  by(at: number | null): void {
    if (at === null) return;
    const set = this.#willFireAt();
    if (set === null || set > at + SLACK_MS) this.#set(at);
  }

  /** Lets the alarm fire at this time and not earlier. Null: not at all. */
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
