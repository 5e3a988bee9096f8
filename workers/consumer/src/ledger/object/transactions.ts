import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { LedgerTx } from "../protocol/ledger-tx.ts";
import { Memory } from "../protocol/memory.ts";
import { readingOnly, type Sql } from "../tables/sql.ts";

/** The ledger's units of work over its database, and what this instance remembers between them. */
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

  /** All or nothing: what the work changed is written back at its end. */
  write<T>(work: (tx: LedgerTx) => T): T {
    try {
      return this.#sql.transaction(() => {
        const tx = this.#open(this.#sql);
        const result = work(tx);
        tx.commit();
        return result;
      });
    } catch (error) {
      // The database has gone back to what it was, and the memory cannot: it is read again, as after an eviction.
      this.#memory = new Memory(this.#sql, this.#clock);
      throw error;
    }
  }

  /**
   * Work that may only read; throws when it tries to write, so that no writing call can pass for a reading one. It awaits nothing, so that
   * nobody writes meanwhile, and needs no transaction.
   */
  read<T>(work: (tx: LedgerTx) => T): T {
    return work(this.#open(this.#reading));
  }

  /** Work on the tables themselves, after which all that is remembered is read anew. */
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
