import type { Gate } from "../memory/gate-memory.ts";

/** Learns one job's time. */
export function learnJobMs({ memory, now }: Gate, ms: number): void {
  memory.jobTimes.note(ms, now);
}

/**
 * The shortest jobs end first. So their usual time is not known yet when the first of them ended a moment ago.
 */
const KNOWN_AFTER_MS = 5_000;
/** What the usual job time counts as at least, until it is known. Chosen. */
const TYPICAL_MS = 2_000;

/** The usual job time in ms, for plans that cost something when it is too short. */
export function usualMs({ memory, now }: Gate): number {
  const learned = memory.jobTimes.quantile(0.5);
  return memory.jobTimes.knownForMs(now) < KNOWN_AFTER_MS ? Math.max(learned, TYPICAL_MS) : learned;
}

/** The learned job time in ms that the share `q` (0–1) of jobs keeps within. */
export function quantileMs({ memory }: Gate, q: number): number {
  return memory.jobTimes.quantile(q);
}
