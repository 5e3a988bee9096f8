import { observe, quantile } from "../tables/histogram.ts";
import type { Gate } from "./gate-memory.ts";

/** Weight of what was learned before, with each job: about the last 100 jobs count. */
const FADING = 0.98;
/** Before anything is learned job times are taken to lie evenly between 0 and this, in ms. */
const UNKNOWN_MOST_MS = 2_000;

/** Learns one job's time; older ones fade. */
export function learnJobMs({ memory, now }: Gate, ms: number): void {
  memory.jobMs = memory.jobMs.map((count) => count * FADING);
  observe(memory.jobMs, ms);
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
  return quantile(memory.jobMs, q) ?? q * UNKNOWN_MOST_MS;
}
