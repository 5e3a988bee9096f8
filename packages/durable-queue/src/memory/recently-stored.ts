import { type JobKey, keyText } from "../job-key.ts";

/** Maximum of remembered keys. The oldest are forgotten first. */
const MAX_KEYS = 20_000;

/** When recent keys were stored. An earlier miss of such a key orders nothing. */
export class RecentlyStored {
  /** By the text of the key. */
  readonly #at = new Map<string, number>();

  note(key: JobKey, at: number): void {
    const name = keyText(key);
    this.#at.delete(name);
    this.#at.set(name, at);
    if (this.#at.size <= MAX_KEYS) return;
    const [oldest] = this.#at.keys();
    if (oldest !== undefined) this.#at.delete(oldest);
  }

  /** Unix ms, or null when it is not known. */
  at(key: JobKey): number | null {
    return this.#at.get(keyText(key)) ?? null;
  }

  forget(key: JobKey): void {
    this.#at.delete(keyText(key));
  }
}
