/** Groups that are kept. More of them would fill the object's memory. */
const GROUPS_MAX = 20_000;
/** A view of more rows than this may be older than the last change. */
const LARGE_ROWS = 1_000;
const OLDEST_MS = 10_000;

interface Group {
  /** Rows of the group. */
  n: number;
}

interface Kept {
  version: number;
  /** Unix ms. */
  at: number;
  groups: readonly Group[];
}

/**
 * What was counted of failed rows, in memory. While none of them changes no row is read again, however often operators
 * look. An eviction forgets it.
 */
export class FailedRows {
  #version = 0;
  readonly #kept = new Map<string, Kept>();

  /** A failed row has changed, or a row has failed. */
  changed(): void {
    this.#version += 1;
  }

  /**
   * The groups under a name, as counted last, or counted now. `view`: a count of n rows may be n ms old, at most ten
   * seconds, so that a page that many operators watch reads at most a row per ms while jobs fail.
   */
  groups<G extends Group>(name: string, count: () => G[], { now, view }: { now: number; view: boolean }): readonly G[] {
    const kept = this.#kept.get(name);
    if (kept !== undefined && (kept.version === this.#version || (view && now - kept.at < youngEnough(kept))))
      return kept.groups as readonly G[];
    const groups = count();
    if (groups.length <= GROUPS_MAX) this.#kept.set(name, { version: this.#version, at: now, groups });
    else this.#kept.delete(name);
    return groups;
  }
}

function youngEnough({ groups }: Kept): number {
  const rows = groups.reduce((sum, { n }) => sum + n, 0);
  return rows < LARGE_ROWS ? 0 : Math.min(rows, OLDEST_MS);
}
