import type { OpenJobsView } from "../external-jobs.ts";
import { openAtIttybit } from "../protocol/at-ittybit.ts";
import { unheardJobs } from "../protocol/found-jobs.ts";
import { closedFor, goalPerSecond, slotsOf } from "../protocol/gate.ts";
import { quantileMs } from "../protocol/job-times.ts";
import { scanAfterRestore } from "../protocol/restored.ts";
import { slotsTaken } from "../protocol/slots.ts";
import { isWaiting } from "../tables/row.ts";
import type { Transactions } from "./transactions.ts";

/** Reads of this instance's memory and of the counts. */
export function openJobsView(transactions: Transactions): OpenJobsView {
  return {
    open: () => transactions.read(openAtIttybit),
    pace: () =>
      transactions.read((tx) => ({
        slots: { used: slotsTaken(tx).used, all: slotsOf(tx.gateNow, "live") },
        waiting: tx.counts.some((count) => count.n > 0 && isWaiting(count)) && closedFor(tx.gateNow, "bulk") === null,
        goal: goalPerSecond(tx.gateNow),
      })),
    ledgerId: () => transactions.read(({ ledgerId }) => ledgerId),
    unheard: () => transactions.read(unheardJobs),
    scan: () => transactions.read(scanAfterRestore),
    jobMs: (q) => transactions.read((tx) => quantileMs(tx.gateNow, q)),
  };
}
