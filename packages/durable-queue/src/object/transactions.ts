import type { Clock } from "../clock.ts";
import { Memory } from "../memory/memory.ts";
import { readInbox, writeInbox } from "../tables/inbox.ts";
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

/*
 * A caller that loses an answer repeats its call, because no error of the platform proves that the call was not heard.
 * A call that must happen once carries an id. The transaction of the call writes the answer into the inbox, and the
 * inbox answers every repeat.
 */

/** Deliveries have names of their own, which contain a `#`. */
const inboxId = (id: string): string => `call:${id}`;

/** Does the work of a call, unless it was heard before. Without an `id` it does the work each time. */
export function once<T extends QueueTx, R>(tx: T, id: string | undefined, work: (tx: T) => R): R {
  if (id === undefined) return work(tx);
  const before = readInbox(tx, inboxId(id));
  if (before !== null) return JSON.parse(before.answer) as R;
  const answer = work(tx);
  writeInbox(tx, { id: inboxId(id), hash: "", run: "", answer: JSON.stringify(answer ?? null) });
  return answer;
}
