/** Setting an alarm writes a row: one that is at most this much later than wanted is left as it is. */
const SLACK_MS = 200;

/** The object's one alarm, moved only when that is worth a row. */
export class AlarmClock {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  #at: number | null = null;

  constructor(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">) {
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
  by(at: number): void {
    if (this.#at === null || this.#at > at + SLACK_MS) this.#set(at);
  }

  /** Rings at this time and not before. */
  at(at: number): void {
    if (this.#at === null || Math.abs(this.#at - at) > SLACK_MS) this.#set(at);
  }

  #set(at: number): void {
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
