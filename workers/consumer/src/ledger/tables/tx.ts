import type { Config } from "@prewarm/shared/config";
import { abandon } from "./abandoned.ts";
import { type AttemptRow, insertAttempts } from "./attempts.ts";
import { Counters } from "./counters.ts";
import { getDoc, putDoc } from "./docs.ts";
import { type GateState, newGate } from "./gate-state.ts";
import { Images } from "./images.ts";
import { Leases } from "./leases.ts";
import { type LaneCode, newRow, type Row } from "./row.ts";
import { Rows } from "./rows.ts";
import { Runs } from "./runs.ts";
import { int, type Sql, text } from "./sql.ts";

/** What every decision of the Ledger may know beside its tables. */
export interface TxContext {
  config: Config;
  /** Unix ms. */
  now: number;
  random: () => number;
}

/**
 * One RPC's unit of work: rows are loaded once, changed in memory by plain functions, and written back together, so that
 * counters, runs, histogram and gate cost a row per RPC and not one per job. Everything lives and dies in one transaction.
 */
export class Tx {
  readonly sql: Sql;
  readonly config: Config;
  readonly now: number;
  readonly random: () => number;
  readonly rows: Rows;
  readonly leases: Leases;
  readonly images: Images;
  readonly runs: Runs;
  readonly counters: Counters;
  readonly ledgerId: string;
  readonly #attempts: AttemptRow[] = [];
  readonly #seqBefore: number;
  #seq: number;
  #gate: GateState | null = null;
  #gateBefore = "";

  constructor(sql: Sql, context: TxContext) {
    this.sql = sql;
    this.config = context.config;
    this.now = context.now;
    this.random = context.random;
    const meta = sql.exec("SELECT ledger_id, seq FROM meta")[0];
    this.ledgerId = text(meta?.ledger_id);
    this.#seq = this.#seqBefore = int(meta?.seq);
    this.rows = new Rows(sql);
    this.leases = new Leases(sql);
    this.images = new Images(sql);
    this.runs = new Runs(sql, context.now);
    this.counters = new Counters(sql, context.now);
  }

  /** The next number; gens, floors, rows and purges share one sequence and none is used twice. */
  next(): number {
    this.#seq += 1;
    return this.#seq;
  }

  /** The gate's document; changes to it are saved at commit. */
  get gate(): GateState {
    if (this.#gate === null) {
      this.#gateBefore = getDoc(this.sql, "gate") ?? "";
      this.#gate = this.#gateBefore === "" ? newGate(this.now) : (JSON.parse(this.#gateBefore) as GateState);
    }
    return this.#gate;
  }

  insert(key: string, lane: LaneCode): Row {
    return this.rows.add(newRow(this.next(), key, lane, this.now));
  }

  /** Gives a generation up whose job may still run: its slot stays taken until `until`. */
  abandon(gen: number, job: string | null, until: number): void {
    abandon(this.sql, gen, job, until);
  }

  addAttempt(attempt: AttemptRow): void {
    this.#attempts.push(attempt);
  }

  commit(): void {
    for (const change of this.rows.changes()) {
      this.counters.move(change);
      this.runs.move(change);
    }
    this.rows.flush(this.now);
    insertAttempts(this.sql, this.#attempts);
    this.leases.flush();
    this.images.flush();
    this.runs.flush();
    this.counters.flush();
    this.#flushGate();
    if (this.#seq !== this.#seqBefore) this.sql.exec("UPDATE meta SET seq = ?", this.#seq);
  }

  #flushGate(): void {
    if (this.#gate === null) return;
    const after = JSON.stringify(this.#gate);
    if (after === this.#gateBefore) return;
    putDoc(this.sql, "gate", after);
  }
}
