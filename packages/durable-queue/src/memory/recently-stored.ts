/** Maximum of remembered keys. The oldest are forgotten first. */
const MAX_KEYS = 20_000;

/** When recent keys were stored. An earlier miss of such a key orders nothing. */
export class RecentlyStored {
  readonly #at = new Map<string, number>();

  note(key: string, at: number): void {
    this.#at.delete(key);
    this.#at.set(key, at);
    if (this.#at.size <= MAX_KEYS) return;
    const [oldest] = this.#at.keys();
    if (oldest !== undefined) this.#at.delete(oldest);
  }

  /** Unix ms, or null when it is not known. */
  at(key: string): number | null {
    return this.#at.get(key) ?? null;
  }

  forget(key: string): void {
    this.#at.delete(key);
  }
}
