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

/** The longest wait that is believed. */
const LONGEST_MS = 31 * 86_400_000;

/** `Retry-After` in ms from now: seconds or an HTTP date; null when absent or unreadable, 0 when the date is past. */
export function readRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), LONGEST_MS);
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - now), LONGEST_MS);
}
