import type { LaneRule } from "./lanes.ts";

/** The two limits that may be automatic. */
export type LimitName = "concurrency" | "ratePerSecond";

/** Where an automatic limit begins, and the bounds that it keeps to. */
export interface AutoLimit {
  start: number;
  min: number;
  max: number;
}

/** Jobs that the service may be paid for. */
export interface Budget {
  /** Jobs per calendar month (UTC), all lanes together. */
  month: number;
  /** What the lanes of a share may use of it, by the name of the share (`LaneRule.share`). */
  shares: Record<string, BudgetShare>;
}

export interface BudgetShare {
  /** Part of the month's jobs, 0–1. The parts may exceed 1 together: each is an upper bound. */
  month: number;
  /** Part of that which one day (UTC) may use, 0–1. Default: all of it. */
  day?: number;
}

/** The settings of a queue. */
export interface QueueConfig {
  /** At least one. The first goes first. */
  lanes: readonly LaneRule[];
  gate: {
    /** Jobs that run at the service at once, all lanes together. `auto`: found by the answers of the service. */
    concurrency: number | "auto";
    /** POSTs per second. */
    ratePerSecond: number | "auto";
    /** POSTs that may come at once, before the rate counts. */
    burst: number;
    /** Of the limits that are `auto`, by the configuration or by an operator. */
    auto: Record<LimitName, AutoLimit>;
    /** Null: unlimited. */
    budget: Budget | null;
  };
  limits: {
    /** Failed attempts after which a job is a dead letter. */
    maxAttempts: number;
    /** Most workers at once. */
    workers: number;
  };
}

/** The configuration, if the queue can work with it. Throws an error that names the mistake otherwise. */
export function checkedConfig(config: QueueConfig): QueueConfig {
  for (const mistake of mistakes(config)) throw new Error(`The configuration of the queue is wrong: ${mistake}.`);
  return config;
}

function* mistakes({ lanes, gate: { budget } }: QueueConfig): Iterable<string> {
  if (lanes.length === 0) yield "it has no lane";
  for (const [place, { name, share, urgent, background }] of lanes.entries()) {
    if (lanes.findIndex((lane) => lane.name === name) < place) yield `two lanes are named ${name}`;
    if (urgent && place > 0) yield `lane ${name} is urgent and not the first`;
    if (background && place < lanes.length - 1) yield `lane ${name} is background and not the last`;
    if (urgent && background) yield `lane ${name} is urgent and background`;
    if (budget !== null && budget.shares[share] === undefined)
      yield `lane ${name} has the share ${share}, which the budget lacks`;
  }
  for (const [name, { month, day = 0 }] of Object.entries(budget?.shares ?? {}))
    if (Math.min(month, day) < 0 || Math.max(month, day) > 1)
      yield `share ${name} has a part that is not between 0 and 1`;
}
