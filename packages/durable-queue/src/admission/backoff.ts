import { backoff } from "@prewarm/shared/backoff";

/** First retry's ceiling, in ms; each further one doubles it. */
const BASE_MS = 2_000;
/** Longest wait between two attempts, in ms. */
export const BACKOFF_CAP_MS = 600_000;

/**
 * How long to wait after the `attempt`-th failure (from 1), in ms: full jitter, uniform between 0 and
 * min(cap, 2 s · 2^(attempt−1)), so that jobs that failed together do not come back together. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  return backoff(attempt, { first: BASE_MS, longest: BACKOFF_CAP_MS, random });
}
