import type { Config } from "@prewarm/shared/config";
import type { GateState, MonthUse } from "../tables/gate-state.ts";
import type { Histogram } from "../tables/histogram.ts";
import type { Tx } from "../tables/tx.ts";

/** What every decision about going upstream is made of. */
export interface Gate {
  state: GateState;
  memory: GateMemory;
  config: Config;
  /** Unix ms. */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** The gate of one transaction; changes to its document are saved at the end of it. */
export function gateOf({ gate, config, now, random }: Tx, memory: GateMemory): Gate {
  return { state: gate, memory, config, now, random };
}

/** What the gate knows beside its document. Lost at an eviction; each part then errs to too little. */
export interface GateMemory {
  /** Tokens of the bucket at a time (Unix ms); below 0: given ahead. */
  tokens: { level: number; at: number };
  /** Jobs granted this month, exactly; null until it is read from the document's ceiling. */
  used: MonthUse | null;
  /** How far ahead the ceiling was last written, in jobs. */
  usedAhead: number;
  /** Answers of the present minute, for the error ratio. */
  answers: { since: number; good: number; bad: number };
  /** Decaying histogram of job times. */
  jobMs: Histogram;
}

export function newGateMemory(now: number): GateMemory {
  return {
    tokens: { level: 0, at: now },
    used: null,
    usedAhead: 0,
    answers: { since: now, good: 0, bad: 0 },
    jobMs: [],
  };
}
