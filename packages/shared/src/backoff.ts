/**
 * How long to wait after try number `attempt` (from 1): `first`, doubled with each further try, never more than `longest`
 * (default: no bound). The answer is in the unit of `first`. With `random`, uniform in [0, 1), it is a whole number
 * between 0 and that (full jitter), so that what failed together does not come back together.
 */
export function backoff(
  attempt: number,
  { first, longest = Number.POSITIVE_INFINITY, random }: { first: number; longest?: number; random?: number },
): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
  return random === undefined ? ceiling : Math.floor(random * ceiling);
}
