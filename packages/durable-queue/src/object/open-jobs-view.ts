import { allSlots, closedFor, goalPerSecond } from "../admission/gate.ts";
import { slotsTaken } from "../admission/slots.ts";
import { openExternally, unnamedJobs, unreportedJobs } from "../claims/found-jobs.ts";
import type { OpenJobsView } from "../external-jobs.ts";
import { quantileMs } from "../memory/gate-memory.ts";
import { scanAfterRestore } from "../operate/restored.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import { isWaiting } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import type { Transactions } from "./transactions.ts";

/** Reads of this instance's memory and of the counts. */
export function openJobsView(transactions: Transactions): OpenJobsView {
  return {
    open: () => transactions.read(openExternally),
    pace: () =>
      transactions.read((tx) => ({
        slots: { used: slotsTaken(tx).used, all: allSlots(tx.gateNow) },
        waiting: tx.counts.some((count) => count.n > 0 && isWaiting(count)) && !isLastClosed(tx),
        goal: goalPerSecond(tx.gateNow),
      })),
    queueId: () => transactions.read(({ queueId }) => queueId),
    unreported: () => transactions.read(unreportedJobs),
    unnamed: () => transactions.read(unnamedJobs),
    scan: () => transactions.read(scanAfterRestore),
    jobMs: (q) => transactions.read((tx) => quantileMs(tx.gateNow, q)),
  };
}

function isLastClosed({ gateNow, lanes }: QueueTx): boolean {
  return closedFor(gateNow, laneName(lanes, lastLane(lanes))) !== null;
}
