import type { QueueTx, Row, Run } from "@prewarm/durable-queue";
import { type Histogram, observeMs } from "./tables/histogram.ts";

/** The times from order to stored of a run's jobs. */
export function timesOfRun({ own }: Pick<Run, "own">): Histogram {
  return own === null ? [] : (JSON.parse(own) as Histogram);
}

/** Notes how long a stored job has taken (ms), for each run that asked for it. */
export function noteRunTimes({ runs }: QueueTx, row: Row, ms: number): void {
  for (const n of runs.subscribersOf(row)) {
    const run = runs.byNumber(n);
    if (run === null) continue;
    const times = timesOfRun(run);
    observeMs(times, ms);
    run.own = JSON.stringify(times);
  }
}
