import type { GateState } from "../tables/gate-state.ts";
import type { Budget, LimitName, QueueConfig } from "../tables/queue-config.ts";
import { JobTimes } from "./last-job-times.ts";

/** The input of every decision about a POST. */
export interface Gate {
  state: GateState;
  memory: GateMemory;
  use: UseBook;
  config: QueueConfig;
  /** Null: unlimited. */
  budget: Budget | null;
  /** The name of the service that makes the jobs, as sentences have it. */
  service: string;
  /** Unix ms. */
  now: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/** Granted jobs by day (UTC) and lane. */
export interface UseBook {
  /** Of a month (`2026-11`) or a day (`2026-11-25`), by the names of the lanes that have any. */
  of(period: string): Record<string, number>;
  add(lane: string, day: string, n: number): void;
}

/** The memory of the gate beside its document. An eviction loses it; each part of it fails safely. */
export interface GateMemory {
  /** Tokens in the bucket at a time (Unix ms). Negative: tokens were given ahead. */
  tokens: { level: number; at: number };
  /** Answers of the current minute, for the ratio of errors. */
  answers: { since: number; good: number; bad: number };
  /** How long the last jobs took. */
  jobTimes: JobTimes;
  /**
   * Since when the results of these generations cannot be fetched (Unix ms), and the first answer of their host. The
   * first stored result and the closing of the breaker empty the map.
   */
  unfetched: Map<number, { since: number; message: string }>;
  /** Origins that have answered for no input since the first of their failures: its time (Unix ms), and the groups. */
  failing: Map<string, { since: number; groups: Set<string> }>;
  auto: AutoMemory;
}

/** What the automatic gate remembers beside the limits. Times are Unix ms. */
export interface AutoMemory {
  /** When a limit last held a job back. 0: never. */
  limitedAt: Record<LimitName, number>;
  /** Raises since the last 429. Null: this instance has moved the limit neither up nor down. */
  raises: Record<LimitName, number | null>;
  /** When a limit last moved, and how many POSTs the service has accepted since. */
  movedAt: number;
  accepted: number;
  /** When a 429 last counted. 0: never. */
  refusedAt: number;
}

export function newGateMemory(now: number): GateMemory {
  return {
    tokens: { level: 0, at: now },
    answers: { since: now, good: 0, bad: 0 },
    jobTimes: new JobTimes(),
    unfetched: new Map(),
    failing: new Map(),
    auto: {
      limitedAt: { concurrency: 0, ratePerSecond: 0 },
      raises: { concurrency: null, ratePerSecond: null },
      ...{ movedAt: now, accepted: 0, refusedAt: 0 },
    },
  };
}
