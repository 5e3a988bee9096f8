import { GATE_AUTO } from "@prewarm/shared/limits";
import { AUTOMATIC, audit } from "./audit.ts";
import type { GateState, LimitName } from "./gate-state.ts";
import type { Writing } from "./sql.ts";

/*
 * What the gate does without an operator is in the log too: the breaker opens and closes, and automatic limits move.
 */

/** The state of the gate that the log tells of. */
export interface GateLogged {
  breaker: GateState["breaker"]["state"];
  limits: Record<LimitName, number>;
}

/** A limit that moves in small steps gets an entry when it has moved by this share. Chosen. */
const MOVED = 0.2;

export function loggedOf({ breaker, auto }: GateState): GateLogged {
  const value = (name: LimitName): number => auto[name]?.value ?? GATE_AUTO[name].start;
  return {
    breaker: breaker.state,
    limits: { concurrency: value("concurrency"), ratePerSecond: value("ratePerSecond") },
  };
}

/** Logs what has changed since the last entry. */
export function logGate(tx: Writing, state: GateState, logged: GateLogged): void {
  const { breaker, auto } = state;
  if (breaker.state !== logged.breaker) {
    logged.breaker = breaker.state;
    const { reason, status, until } = breaker;
    if (breaker.state === "open") audit(tx, AUTOMATIC, "breaker.opened", null, { reason, status, probeAt: until });
    else audit(tx, AUTOMATIC, "breaker.closed", null, {});
  }
  for (const name of ["concurrency", "ratePerSecond"] as const) {
    const found = auto[name];
    const from = logged.limits[name];
    if (found === null || Math.abs(found.value - from) < MOVED * from) continue;
    logged.limits[name] = found.value;
    audit(tx, AUTOMATIC, "limit.moved", name, { from, to: found.value, why: found.why });
  }
}
