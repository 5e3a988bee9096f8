import { browserClock, live } from "../lib/live.ts";
import { useStats } from "./stats.tsx";

/** Three polls: an answer that old is no news. */
const LATE_MS = 9_000;
/** A poll: an answer takes a tenth of a second. */
const SLOW_MS = 3_000;

/**
 * For how long the server has told nothing new, in ms, once a poll stays unanswered; null: it answers, or nobody asks. A
 * slow server is asked more rarely, and is not late between.
 */
export function useLateness(): number | null {
  const { loadedAt, since, error } = useStats();
  if (!live.value || loadedAt.value === null) return null;
  const age = browserClock.value - loadedAt.value;
  const isWaiting = since.value !== null || error.value !== null;
  const isSlow = since.value !== null && browserClock.value - since.value > SLOW_MS;
  return isSlow || (isWaiting && age > LATE_MS) ? age : null;
}
