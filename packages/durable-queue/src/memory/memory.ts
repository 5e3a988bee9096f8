import type { Clock } from "../clock.ts";
import type { ExternalJob } from "../external-jobs.ts";
import { type Meta, readMeta, writeCeiling } from "../tables/meta.ts";
import type { LaneCode } from "../tables/row.ts";
import type { Sql } from "../tables/sql.ts";
import { Claims } from "./claims.ts";
import { CountersDoc } from "./counters.ts";
import { GateDoc, type GateMemory, newGateMemory } from "./gate-memory.ts";

/** A part of the memory. `startedAt`: when the instance began, Unix ms. */
type Part<T extends object> = new (sql: Sql, startedAt: number) => T;

/**
 * The memory of this instance of the queue. The first half is kept in tables, and read once. The second half is lost
 * at an eviction. Each part of it fails safely: a slot is held longer, a look is repeated, a wake-up is sent again.
 */
export class Memory {
  readonly startedAt: number;
  readonly meta: Meta;
  readonly numbers: Numbers;
  readonly gateDoc: GateDoc;
  readonly counters: CountersDoc;
  readonly claims: Claims;
  /** Generations whose job has ended, with the observation. */
  readonly observed = new Map<number, ExternalJob>();
  /** Generations whose end was reported to the holder. */
  readonly finishToldTo = new Set<number>();
  /** When the job of a generation was last observed open, Unix ms. */
  readonly seenOpenAt = new Map<number, number>();
  readonly gate: GateMemory;
  /** The run of each lane that had the last turn, by its number. */
  readonly turns = new Map<LaneCode, number>();
  /** Of each run that goes first: up to which id the jobs that it shares were read. The next read goes on there. */
  readonly sharedTo = new Map<number, number>();
  /** When each wake-up under way was sent, Unix ms. */
  wakes: number[] = [];
  /** The last call or alarm, Unix ms. */
  aliveAt: number;
  /** The latest time that the clock has shown, Unix ms. */
  latest: number;
  /**
   * The queue was unreachable until this time, Unix ms. A lease that was last renewed before it counts no crash. 0:
   * never.
   */
  sleptAt = 0;

  readonly #sql: Sql;
  readonly #parts = new Map<Part<object>, object>();

  constructor(sql: Sql, clock: Clock) {
    this.#sql = sql;
    const now = clock.now();
    this.startedAt = now;
    this.aliveAt = now;
    this.latest = now;
    this.meta = readMeta(sql);
    this.numbers = new Numbers(sql, () => clock.random());
    this.gateDoc = new GateDoc(sql, now);
    this.counters = new CountersDoc(sql);
    this.claims = new Claims(sql);
    this.gate = newGateMemory(now);
  }

  /** The part of the memory that belongs to the user of the queue. It is made at its first use. */
  of<T extends object>(part: Part<T>): T {
    const known = this.#parts.get(part) ?? new part(this.#sql, this.startedAt);
    this.#parts.set(part, known);
    return known as T;
  }

  isEnded(gen: number): boolean {
    return this.observed.has(gen);
  }

  /** Forgets what was observed of a generation whose claim ends. */
  forget(gen: number): void {
    this.observed.delete(gen);
    this.finishToldTo.delete(gen);
    this.seenOpenAt.delete(gen);
    this.gate.unfetched.delete(gen);
  }
}

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
class Numbers {
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
