/** First retry's ceiling, in ms; each further one doubles it. */
const BASE_MS = 2_000;
/** The same after a failure of an origin, whose trouble rarely ends within seconds. Chosen. */
const ORIGIN_BASE_MS = 60_000;
/** Longest wait between two attempts, in ms. */
export const BACKOFF_CAP_MS = 600_000;

/**
 * How long to wait after try number `attempt` (from 1), in ms: `first`, doubled with each further try, never more than
 * `longest`. With `random`, uniform in [0, 1), it is a whole number between 0 and that (full jitter).
 */
export function backoff(
  attempt: number,
  { first, longest, random }: { first: number; longest: number; random?: number },
): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
  return random === undefined ? ceiling : Math.floor(random * ceiling);
}

/**
 * How long to wait after the `attempt`-th failure (from 1), in ms: full jitter, uniform between 1 and
 * min(cap, 2 s · 2^(attempt−1)), so that jobs that failed together do not come back together. `random` is in [0, 1).
 * Never 0, because the call that reports a failure must not get the job again: a new instance would count a repeat of that
 * call as a second failure.
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.max(1, backoff(attempt, { first: BASE_MS, longest: BACKOFF_CAP_MS, random }));
}

/**
 * The same after a failure of the origin of the job's input: at least half of min(cap, 60 s · 2^(attempt−1)), so that
 * no chance brings all attempts within an outage of seconds.
 */
export function originBackoffMs(attempt: number, random: number): number {
  const half = backoff(attempt, { first: ORIGIN_BASE_MS, longest: BACKOFF_CAP_MS }) / 2;
  return Math.floor(half + half * random);
}
