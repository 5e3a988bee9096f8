/** First and longest wait between tries, in ms; each wait is chosen between 0 and the doubled bound (full jitter). */
const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** The longest wait that a Retry-After can ask for, in ms; then the request is sent again. */
const RETRY_AFTER_MAX_MS = 600_000;

/** How long to wait before try `n` (from 1), in ms. */
export function backoffMs(n: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** n);
}

/** Reads `Retry-After`, seconds or a date, as ms from `now`; null when the header is missing or malformed. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null;
  // Only a date has letters. Without this test Date.parse would read "-3" as a year.
  const isDate = /[a-z]/i.test(header);
  const isSeconds = /^\s*\d+(\.\d+)?\s*$/.test(header);
  const ms = isDate ? Date.parse(header) - now : isSeconds ? Number(header) * 1000 : Number.NaN;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}
