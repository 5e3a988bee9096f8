import { readRetryAfter } from "@prewarm/shared/backoff";

/** First and longest wait between tries, in ms; each wait is chosen between 0 and the doubled bound (full jitter). */
const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** The longest wait that a Retry-After can ask for, in ms; then the request is sent again. */
const RETRY_AFTER_MAX_MS = 600_000;

/** How long to wait before try `n` (from 1), in ms. */
export function backoffMs(n: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** n);
}

/** How long a `Retry-After` asks to wait, in ms from `now`, at most ten minutes; null when the header is missing or malformed. */
export function retryAfterMs(header: string | null, now: number): number | null {
  const ms = readRetryAfter(header, now);
  return ms === null ? null : Math.min(ms, RETRY_AFTER_MAX_MS);
}
