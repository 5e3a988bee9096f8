import type { Config } from "@prewarm/shared/config";
import type { GateState, LimitName, MonthUse } from "../tables/gate-state.ts";
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
  auto: AutoMemory;
}

/** What the automatic gate saw since it last looked (`at`, Unix ms), and how it climbs. */
export interface AutoMemory {
  at: number;
  /** POSTs that Ittybit took, and those that it answered 429. */
  taken: number;
  refused: number;
  /** Most slots taken at once, and the same of the look before. */
  peak: number;
  peakBefore: number;
  /** What was used up lately without a refusal. */
  safe: { [name in LimitName]: number };
  /** Answers of 429 before this (Unix ms) are to POSTs that went before the last cut. */
  deafUntil: number;
  climbs: { [name in LimitName]: Climb | null };
  /** Jobs that began since `from` (Unix ms) and have ended: how many, and the sum of their ms; and all that ended since then. */
  jobs: { from: number; count: number; sumMs: number; ended: number };
  /** A cut because jobs took long: what concurrency and mean job time were before it. */
  trial: { before: number; meanMs: number } | null;
}

export interface Climb {
  /** Where it was refused last; null: nowhere yet. */
  top: number | null;
  /** How long the way back to there takes, and for how long it has climbed, in ms. */
  backMs: number;
  climbedMs: number;
  /** When it last moved, Unix ms. */
  moved: number;
}

export function newGateMemory(now: number): GateMemory {
  return {
    tokens: { level: 0, at: now },
    used: null,
    usedAhead: 0,
    answers: { since: now, good: 0, bad: 0 },
    jobMs: [],
    auto: newAuto(now),
  };
}

function newAuto(now: number): AutoMemory {
  return {
    ...{ at: now, taken: 0, refused: 0, peak: 0, peakBefore: 0, deafUntil: now, trial: null },
    safe: { concurrency: 0, ratePerSecond: 0 },
    climbs: { concurrency: null, ratePerSecond: null },
    jobs: { from: now, count: 0, sumMs: 0, ended: 0 },
  };
}
