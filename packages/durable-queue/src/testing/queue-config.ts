import { MAX_ATTEMPTS } from "../limits.ts";
import type { LaneRule } from "../tables/lanes.ts";
import type { QueueConfig } from "../tables/queue-config.ts";

/** The lanes of queues in tests, with each property. Their numbers are 0, 1 and 2. */
export const LANES: readonly LaneRule[] = [
  { name: "first", share: "first", urgent: true },
  { name: "middle", share: "others" },
  { name: "last", share: "others", background: true },
];

/** A queue with these lanes, automatic limits and a budget, with changes to its gate. */
export function queueConfig(gate: Partial<QueueConfig["gate"]> = {}, lanes = LANES): QueueConfig {
  const auto = {
    concurrency: { start: 50, min: 1, max: 1_000 },
    ratePerSecond: { start: 20, min: 0.1, max: 1_000 },
  };
  const limits = { concurrency: "auto", ratePerSecond: "auto", burst: 20, auto } as const;
  const budget = { month: 100_000, shares: { first: { month: 0.5, day: 0.1 }, others: { month: 0.8 } } };
  return { lanes, gate: { ...limits, budget, ...gate }, limits: { maxAttempts: MAX_ATTEMPTS, workers: 250 } };
}
