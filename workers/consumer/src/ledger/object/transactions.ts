import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { LedgerTx } from "../protocol/ledger-tx.ts";
import { Memory } from "../protocol/memory.ts";
import { readingOnly, type Sql } from "../tables/sql.ts";

/** The transactions of the ledger over its database, and the memory of this instance between them. */
export class Transactions {
  readonly #sql: Sql;
  readonly #reading: Sql;
  readonly #config: Config;
  readonly #clock: Clock;
  #memory: Memory;

  constructor(sql: Sql, { config, clock }: { config: Config; clock: Clock }) {
    this.#sql = sql;
    this.#reading = readingOnly(sql);
    this.#config = config;
    this.#clock = clock;
    this.#memory = new Memory(sql, clock);
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Runs a transaction. Its end writes the changes. */
  write<T>(work: (tx: LedgerTx) => T): T {
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
  read<T>(work: (tx: LedgerTx) => T): T {
    return work(this.#open(this.#reading));
  }

  /** Runs work on the tables themselves. Afterwards the memory is read again. */
  replace<T>(work: (sql: Sql) => T): T {
    const answer = this.#sql.transaction(() => work(this.#sql));
    this.#memory = new Memory(this.#sql, this.#clock);
    return answer;
  }

  #open(sql: Sql): LedgerTx {
    return new LedgerTx(sql, {
      config: this.#config,
      memory: this.#memory,
      now: this.#clock.now(),
      random: () => this.#clock.random(),
    });
  }
}
