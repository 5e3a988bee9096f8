import { getDoc, putDoc } from "../tables/docs.ts";
import { type GateState, gateFrom, newGate } from "../tables/gate-state.ts";
import type { Sql } from "../tables/sql.ts";

/** The document of the gate, kept in memory and written through: every decision reads it, and few change it. */
export class GateDoc {
  readonly state: GateState;
  #written: string;

  constructor(sql: Sql, now: number) {
    this.#written = getDoc(sql, "gate") ?? "";
    this.state = this.#written === "" ? newGate(now) : gateFrom(this.#written, now);
  }

  flush(sql: Sql): void {
    const body = JSON.stringify(this.state);
    if (body === this.#written) return;
    putDoc(sql, "gate", body);
    this.#written = body;
  }
}
