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
