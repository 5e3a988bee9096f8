import type { Gate } from "../schema/gate-memory.ts";

/** Learns one job's time. */
export function learnJobMs({ memory, now }: Gate, ms: number): void {
  memory.jobTimes.note(ms, now);
}

/** The learned job time in ms that the share `q` (0–1) of jobs keeps within. */
export function quantileMs({ memory }: Gate, q: number): number {
  return memory.jobTimes.quantile(q);
}
