/** A repeat follows its call within half a minute; more calls than this do not come meanwhile. */
const MOST = 20_000;

/** Ids of the last calls whose whole effect stands in this instance's memory. An eviction forgets both, so that the repeat is then the first. */
export class HeardCalls {
  readonly #ids = new Set<string>();

  /** Notes the call. False: it was heard before. `id` is missing from callers of before release 0.2. */
  isNew(id: string | undefined): boolean {
    if (id === undefined) return true;
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MOST && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
