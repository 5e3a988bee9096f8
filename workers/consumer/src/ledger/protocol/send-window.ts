/** Messages that may be under way at once. */
export const WINDOW_MESSAGES = 200;

interface UnderWay {
  until: number;
  keys: Set<string>;
  /** Its keys will ask for slots. */
  needsSlots: boolean;
}

/**
 * What is believed under way, in memory only: it bounds what is sent, no promise rests on it. After an eviction it is empty, and
 * up to one more window may go out; the rows' own holds still keep any key from being sent twice.
 */
export class SendWindow {
  readonly #messages = new Set<UnderWay>();
  readonly #byKey = new Map<string, UnderWay>();

  sent(keys: string[], until: number, needsSlots: boolean): void {
    const message: UnderWay = { until, keys: new Set(keys), needsSlots };
    this.#messages.add(message);
    for (const key of keys) this.#byKey.set(key, message);
  }

  /** The message arrived (or was never sent). */
  landed(keys: Iterable<string>): void {
    for (const key of keys) {
      const message = this.#byKey.get(key);
      this.#byKey.delete(key);
      message?.keys.delete(key);
      if (message?.keys.size === 0) this.#messages.delete(message);
    }
  }

  /** Messages, and keys that will want a slot, still under way. */
  count(now: number): { messages: number; keys: number } {
    let keys = 0;
    for (const message of this.#messages) {
      if (message.until <= now) {
        this.landed([...message.keys]);
        this.#messages.delete(message);
      } else if (message.needsSlots) keys += message.keys.size;
    }
    return { messages: this.#messages.size, keys };
  }

  clear(): void {
    this.#messages.clear();
    this.#byKey.clear();
  }
}
