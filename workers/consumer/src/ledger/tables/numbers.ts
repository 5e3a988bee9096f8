import { readMeta, writeCeiling } from "./meta.ts";
import type { Sql } from "./sql.ts";

/** How far ahead of its use a number is provided for, in µs: the ceiling is written about once a minute. */
const AHEAD_US = 60_000_000;
/** Within so much above the ceiling an instance begins, in µs. */
const APART_US = 10_000_000;

/**
 * Generations, floors and purges share one sequence, and none is used twice. Numbers are µs of the clock, so that a ledger that was
 * lost and made anew stays above every generation the old one put on an object. An instance begins by chance above what the one before may
 * have given: two that stand on the same copy, since the ledger was put back within that minute, must not begin alike.
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

  /** Goes on above a number. */
  raise(sql: Sql, to: number): void {
    this.#last = Math.max(this.#last, to);
    this.#ceiling = Math.max(this.#ceiling, this.#last + AHEAD_US);
    writeCeiling(sql, this.#ceiling);
  }
}
