/** First retry's ceiling, in ms; each further one doubles it. */
const BASE_MS = 2_000;
/** Longest wait between two attempts, in ms. */
export const BACKOFF_CAP_MS = 600_000;

/**
 * How long to wait after the `attempt`-th failure (from 1), in ms: full jitter, uniform between 0 and
 * min(cap, 2 s · 2^(attempt−1)), so that jobs that failed together do not come back together. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BASE_MS * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
  return Math.floor(random * ceiling);
}

/** How long a dead letter's marker keeps viewers from asking anew, in ms: a day when trying again is in vain, else an hour. */
export function deadMs(permanent: boolean): number {
  return permanent ? 86_400_000 : 3_600_000;
}
