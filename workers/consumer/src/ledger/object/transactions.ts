import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { readingOnly, type Sql } from "../tables/sql.ts";
import { Tx } from "../tables/tx.ts";

/** The ledger's units of work over its database. */
export class Transactions {
  readonly #sql: Sql;
  readonly #reading: Sql;
  readonly #config: Config;
  readonly #clock: Clock;

  constructor(sql: Sql, { config, clock }: { config: Config; clock: Clock }) {
    this.#sql = sql;
    this.#reading = readingOnly(sql);
    this.#config = config;
    this.#clock = clock;
  }

  /** All or nothing: what the work changed is written back at its end. */
  write<T>(work: (tx: Tx) => T): T {
    return this.#sql.transaction(() => {
      const tx = this.#open(this.#sql);
      const result = work(tx);
      tx.commit();
      return result;
    });
  }

  /** Work that may only read; throws when it tries to write, so that no writing call can pass for a reading one. */
  read<T>(work: (tx: Tx) => T): T {
    return this.#sql.transaction(() => work(this.#open(this.#reading)));
  }

  #open(sql: Sql): Tx {
    return new Tx(sql, { config: this.#config, now: this.#clock.now(), random: () => this.#clock.random() });
  }
}
