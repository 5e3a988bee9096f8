import { type GateState, getDoc, type LimitName, type QueueTx, type Sql } from "@prewarm/durable-queue";
import { GATE_AUTO } from "@prewarm/shared/limits";
import { AUTOMATIC, audit } from "./tables/audit.ts";

/** A limit that moves in small steps gets an entry when it has moved by this share. Chosen. */
const MOVED = 0.2;

/** What the gate does without an operator is in the audit log too: the breaker opens and closes, and automatic limits move. */
export class GateLog {
  /** The state that the log tells of. */
  #breaker: GateState["breaker"]["state"];
  readonly #limits: Record<LimitName, number>;

  /** `sql`: the database before this instance of the queue has changed the gate. */
  constructor(sql: Sql) {
    const { breaker, auto } = JSON.parse(getDoc(sql, "gate") ?? "{}") as Partial<GateState>;
    const limit = (name: LimitName) => auto?.[name]?.value ?? GATE_AUTO[name].start;
    this.#breaker = breaker?.state ?? "closed";
    this.#limits = { concurrency: limit("concurrency"), ratePerSecond: limit("ratePerSecond") };
  }

  /** Logs what has changed since the last entry. */
  note(tx: QueueTx, { breaker, auto }: GateState): void {
    if (breaker.state !== this.#breaker) {
      this.#breaker = breaker.state;
      const { reason, status, until } = breaker;
      if (breaker.state === "open") audit(tx, AUTOMATIC, "breaker.opened", null, { reason, status, probeAt: until });
      else audit(tx, AUTOMATIC, "breaker.closed", null, {});
    }
    for (const name of ["concurrency", "ratePerSecond"] as const) {
      const found = auto[name];
      const from = this.#limits[name];
      if (found === null || Math.abs(found.value - from) < MOVED * from) continue;
      this.#limits[name] = found.value;
      audit(tx, AUTOMATIC, "limit.moved", name, { from, to: found.value, why: found.why });
    }
  }
}
