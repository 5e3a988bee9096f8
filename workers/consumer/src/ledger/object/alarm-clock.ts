/** Setting an alarm writes a row: one that is at most this much later than wanted is left as it is. */
const SLACK_MS = 200;

export type AlarmStorage = Pick<DurableObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">;

/** The object's one alarm, moved only when that is worth a row. */
export class AlarmClock {
  readonly #storage: AlarmStorage;
  #at: number | null = null;

  constructor(storage: AlarmStorage) {
    this.#storage = storage;
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
    if (at !== null && (this.#at === null || this.#at > at + SLACK_MS)) this.#set(at);
  }

  /** Rings at this time and not before; null: not at all. */
  at(at: number | null): void {
    if (at === null) {
      if (this.#at !== null) void this.#storage.deleteAlarm();
      this.#at = null;
    } else if (this.#at === null || Math.abs(this.#at - at) > SLACK_MS) this.#set(at);
  }

  #set(at: number): void {
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
