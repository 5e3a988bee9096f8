import type { Clock } from "../clock.ts";
import { Memory } from "../memory/memory.ts";
import { readingOnly, type Sql } from "../tables/sql.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** What a transaction is opened with. */
export interface Opening {
  memory: Memory;
  /** Unix ms. */
  now: number;
  random: () => number;
}

/** Opens a transaction over the database. */
export type OpenTx<T extends QueueTx> = (sql: Sql, opening: Opening) => T;

/** The transactions of the queue over its database, and the memory of this instance between them. */
export class Transactions<T extends QueueTx = QueueTx> {
  readonly #sql: Sql;
  readonly #reading: Sql;
  readonly #clock: Clock;
  readonly #openTx: OpenTx<T>;
  #memory: Memory;

  constructor(sql: Sql, clock: Clock, open: OpenTx<T>) {
    this.#sql = sql;
    this.#reading = readingOnly(sql);
    this.#clock = clock;
    this.#openTx = open;
    this.#memory = new Memory(sql, clock);
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Runs a transaction. Its end writes the changes. */
  write<R>(work: (tx: T) => R): R {
    try {
      return this.#sql.transaction(() => {
        const tx = this.#open(this.#sql);
        const result = work(tx);
        tx.commit();
        return result;
      });
    } catch (error) {
      // The rollback restored the database but not the memory. The memory is read again, as after an eviction.
      this.#memory = new Memory(this.#sql, this.#clock);
      throw error;
    }
  }

  /**
   * Runs a read. A write throws, so that no writing call can pass for a reading one. The work awaits nothing, so no
   * write comes in between and no transaction is needed.
   */
  read<R>(work: (tx: T) => R): R {
    return work(this.#open(this.#reading));
  }

  #open(sql: Sql): T {
    const memory = this.#memory;
    const now = this.#clock.now();
    memory.latest = Math.max(memory.latest, now);
    return this.#openTx(sql, { memory, now, random: () => this.#clock.random() });
  }
}
