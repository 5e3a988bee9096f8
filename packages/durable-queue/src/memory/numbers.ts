import { readMeta, writeCeiling } from "../tables/meta.ts";
import type { Sql } from "../tables/sql.ts";

/** How far the stored ceiling is ahead of the numbers, in µs. The ceiling is written about once a minute. */
const AHEAD_US = 60_000_000;
/** A new instance begins at most this far above the ceiling, in µs. */
const APART_US = 10_000_000;

/**
 * The sequence of generations and fences. No number is used twice. Numbers are µs of the clock, so that a new
 * queue after a loss begins above every generation of the old one. An instance begins at a random distance above all
 * earlier numbers: after a restore within that minute two instances have the same copy, and must not begin with the
 * same number.
 */
export class Numbers {
  #last: number;
  #ceiling: number;

  /** `random`: uniform in [0, 1). */
  constructor(sql: Sql, random: () => number) {
    this.#ceiling = readMeta(sql).ceiling;
    this.#last = this.#ceiling + Math.floor(random() * APART_US);
  }

  /** The next number; `now` in Unix ms. */
  next(sql: Sql, now: number): number {
    this.#last = Math.max(this.#last + 1, now * 1000);
    if (this.#last >= this.#ceiling) {
      this.#ceiling = this.#last + AHEAD_US;
      writeCeiling(sql, this.#ceiling);
    }
    return this.#last;
  }

  /** Continues above a number. */
  raise(sql: Sql, to: number): void {
    this.#last = Math.max(this.#last, to);
    this.#ceiling = Math.max(this.#ceiling, this.#last + AHEAD_US);
    writeCeiling(sql, this.#ceiling);
  }
}
