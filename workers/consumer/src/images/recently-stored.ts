import type { JobKey } from "@prewarm/durable-queue";
import { keyOfJob } from "@prewarm/shared/variant-key";

/** Maximum of remembered keys. The oldest are forgotten first. */
const MAX_KEYS = 20_000;

/** When recent keys were stored. An earlier miss of such a key orders nothing. */
export class RecentlyStored {
  /** By the text of the key. */
  readonly #at = new Map<string, number>();

  note(key: JobKey, at: number): void {
    const name = keyOfJob(key);
    this.#at.delete(name);
    this.#at.set(name, at);
    if (this.#at.size <= MAX_KEYS) return;
    const [oldest] = this.#at.keys();
    if (oldest !== undefined) this.#at.delete(oldest);
  }

  /** Unix ms, or null when it is not known. */
  at(key: JobKey): number | null {
    return this.#at.get(keyOfJob(key)) ?? null;
  }

  forget(key: JobKey): void {
    this.#at.delete(keyOfJob(key));
  }
}
