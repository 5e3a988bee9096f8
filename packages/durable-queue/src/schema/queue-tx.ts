import { nextDueAt } from "./due.ts";
import { type Gate, gateOf } from "./gate-memory.ts";
import type { Memory } from "./memory.ts";
import type { LaneCode } from "./row.ts";
import type { Sql } from "./sql.ts";
import { Tx, type TxContext } from "./tx.ts";

/** The end of a lock or a hold that has none. */
export const FOR_EVER = Number.POSITIVE_INFINITY;

/**
 * A transaction with the memory of this instance. The user of the queue extends it by what it knows of groups and of the
 * service; each method has the answer of a queue without such knowledge.
 */
export class QueueTx extends Tx {
  readonly memory: Memory;

  constructor(sql: Sql, context: Omit<TxContext, "kept"> & { memory: Memory }) {
    super(sql, { ...context, kept: context.memory });
    this.memory = context.memory;
  }

  /** The gate as the argument of its rules. */
  get gateNow(): Gate {
    return gateOf(this, this.memory.gate, this.service);
  }

  /** When the first untouched job and the first touched job of a lane may be handed out, Unix ms. */
  readyTimes(lane: LaneCode): number[] {
    return [this.memory.orders.readyAt(lane), nextDueAt(this.sql, lane)].filter((at) => at !== null);
  }

  /** The name of the service that makes the jobs, as sentences have it. */
  get service(): string {
    return "The service";
  }

  /** Whether another service makes the jobs, so that handlers or the poller report an id of each. */
  get hasExternalJobs(): boolean {
    return true;
  }

  /** Reads what the next two methods need of these groups, in one statement. */
  loadGroups(_groups: readonly string[]): void {}

  /** The fence of the job of a key: results of a lower generation do not count. */
  fenceOf(_key: string): number {
    return 0;
  }

  /** No job of the group is handed out before this time, Unix ms. `FOR_EVER`: its jobs are cancelled. */
  lockedUntil(_group: string): number {
    return 0;
  }

  /** The server that the input of a job comes from, by a name that people know. Null: not known. */
  originOf(_key: string): string | null {
    return null;
  }

  /** A handler has stored a result of a job that was deleted or has moved on. `id`, `gen`: of the job. */
  storedTooLate(_id: number, _gen: number): void {}
}
