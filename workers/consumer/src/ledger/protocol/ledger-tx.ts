import type { Sql } from "../tables/sql.ts";
import { Tx, type TxContext } from "../tables/tx.ts";
import { type Gate, gateOf } from "./gate-memory.ts";
import type { Memory } from "./memory.ts";

/** A transaction with the memory of this instance. */
export class LedgerTx extends Tx {
  readonly memory: Memory;

  constructor(sql: Sql, context: Omit<TxContext, "kept"> & { memory: Memory }) {
    super(sql, { ...context, kept: context.memory });
    this.memory = context.memory;
  }

  /** The gate as the argument of its rules. */
  get gateNow(): Gate {
    return gateOf(this, this.memory.gate);
  }
}
