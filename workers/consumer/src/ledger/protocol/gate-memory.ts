import type { Config } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import type { GateState, LimitName } from "../tables/gate-state.ts";
import type { Tx } from "../tables/tx.ts";
import { BegunJobs } from "./begun-jobs.ts";
import { JobTimes } from "./last-job-times.ts";

/** The input of every decision about a POST. */
export interface Gate {
  state: GateState;
  memory: GateMemory;
  use: UseBook;
  config: Config;
  /** Unix ms. */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Granted jobs by day (UTC) and lane. The documents of the handlers contain them until they are folded. */
export interface UseBook {
  /** Of a month (`2026-11`) or a day (`2026-11-25`). */
  of(period: string): Record<Lane, number>;
  add(lane: Lane, day: string, n: number): void;
}

/** The gate of one transaction. The end of the transaction saves changes of its document. */
export function gateOf(tx: Tx, memory: GateMemory): Gate {
  const { gate: state, config, now, random } = tx;
  const use = { of: (period: string) => tx.used(period), add: tx.addUsed.bind(tx) };
  return { state, memory, use, config, now, random };
}

/** The memory of the gate beside its document. An eviction loses it; each part of it fails safely. */
export interface GateMemory {
  /** Tokens in the bucket at a time (Unix ms). Negative: tokens were given ahead. */
  tokens: { level: number; at: number };
  /** Answers of the current minute, for the ratio of errors. */
  answers: { since: number; good: number; bad: number };
  /** How long the last jobs took. */
  jobTimes: JobTimes;
  /** Ended jobs by the minute of their beginning. Few ends among late beginnings mean that Ittybit is slow. */
  begun: BegunJobs;
  /**
   * Since when the results of these generations cannot be fetched, Unix ms. The first stored result and the closing of
   * the breaker empty the map.
   */
  unfetched: Map<number, number>;
  auto: AutoMemory;
}

/** What the automatic gate saw since it last looked (`at`, Unix ms), and how it climbs. */
export interface AutoMemory {
  at: number;
  /** POSTs that were let go, those that Ittybit took, and those that it answered 429. */
  sent: number;
  /** When the first and the last of those sent went, Unix ms. */
  firstAt: number;
  lastAt: number;
  taken: number;
  refused: number;
  /** Most slots taken at once, and the same of the look before. */
  peak: number;
  peakBefore: number;
  /** Calls a second that Ittybit took lately; 0: not known yet. */
  pace: number;
  /** What was used up lately without a refusal. */
  safe: { [name in LimitName]: number };
  /** When the last 429 came, Unix ms. */
  refusedAt: number;
  /** Answers of 429 before this (Unix ms) are to POSTs that went before the last cut. */
  deafUntil: number;
  /** Null until the first look, which reads from the document what an earlier instance found. */
  climbs: { [name in LimitName]: Climb } | null;
  /** When a limit last moved, Unix ms. */
  movedAt: number;
  cohort: Cohort;
  /** A cut because jobs took long: what concurrency and mean job time were before it. */
  trial: { slots: number; meanMs: number } | null;
}

/** Jobs that began together: they are judged when all have ended, since those that end first are the short ones. */
export interface Cohort {
  /** They began from here (Unix ms) on, for so long; null: the next POST is the first. */
  from: number | null;
  forMs: number;
  /** Those that have ended: how many, the sum of their times, and the longest, in ms. */
  count: number;
  sumMs: number;
  longestMs: number;
  /** All jobs that ended since then, whenever they began. */
  ended: number;
}

export interface Climb {
  /** Where it was refused last; null: nowhere yet. */
  top: number | null;
  /** How long the way back to there takes, and for how long it has climbed, in ms. */
  backMs: number;
  climbedMs: number;
  /** When it last moved, Unix ms. */
  movedAt: number;
}

export function newGateMemory(now: number): GateMemory {
  return {
    tokens: { level: 0, at: now },
    answers: { since: now, good: 0, bad: 0 },
    jobTimes: new JobTimes(),
    begun: new BegunJobs(now),
    unfetched: new Map(),
    auto: newAuto(now),
  };
}

export function newCohort(forMs: number): Cohort {
  return { from: null, forMs, count: 0, sumMs: 0, longestMs: 0, ended: 0 };
}

/** The first jobs of all are few: the next may queue already. */
const FIRST_COHORT_MS = 250;

function newAuto(now: number): AutoMemory {
  return {
    ...{
      at: now,
      sent: 0,
      firstAt: now,
      lastAt: now,
      taken: 0,
      refused: 0,
      peak: 0,
      peakBefore: 0,
      refusedAt: 0,
      deafUntil: now,
      trial: null,
    },
    ...{ pace: 0, safe: { concurrency: 0, ratePerSecond: 0 } },
    ...{ climbs: null, movedAt: now },
    cohort: newCohort(FIRST_COHORT_MS),
  };
}
