import type { Gate } from "./gate-memory.ts";

/** Learns one job's time. */
export function learnJobMs({ memory, now }: Gate, ms: number): void {
  memory.jobTimes.note(ms, now);
  const { cohort } = memory.auto;
  cohort.ended += 1;
  const began = now - ms;
  if (cohort.from === null || began < cohort.from || began > cohort.from + cohort.forMs) return;
  cohort.count += 1;
  cohort.sumMs += ms;
  cohort.longestMs = Math.max(cohort.longestMs, ms);
}

/** The learned job time in ms that the share `q` (0–1) of jobs keeps within. */
export function quantileMs({ memory }: Gate, q: number): number {
  return memory.jobTimes.quantile(q);
}
