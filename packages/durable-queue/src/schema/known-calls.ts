/**
 * Maximum of remembered calls. A repeat follows its call within half a minute, and fewer calls than this come in
 * between.
 */
const MOST = 20_000;

/**
 * Ids of the last calls whose whole effect is in this instance's memory. An eviction forgets the ids and the effect, so
 * a repeat is a first call then.
 */
export class KnownCalls {
  readonly #ids = new Set<string>();

  /** Notes the call. False: it was heard before. Callers of before release 0.2 send no `id`. */
  isNew(id: string | undefined): boolean {
    if (id === undefined) return true;
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
