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
  const { jobs } = memory.auto;
  jobs.ended += 1;
  if (now - ms < jobs.from) return;
  jobs.count += 1;
  jobs.sumMs += ms;
}

/** The learned job time in ms that the share `q` (0–1) of jobs keeps within. */
export function quantileMs({ memory }: Gate, q: number): number {
  return quantile(memory.jobMs, q) ?? q * UNKNOWN_MOST_MS;
}
