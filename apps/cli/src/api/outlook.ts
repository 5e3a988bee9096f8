import { Budget, Gate } from "@prewarm/control-schema/gate";
import { Stats } from "@prewarm/control-schema/stats";
import { type Outlook, outlookOf } from "@prewarm/shared/cost/outlook";
import * as z from "zod";
import type { ControlApi } from "./control-api.ts";

const STATS = z.object({
  pace: z.object({ all: Stats.shape.pace.shape.all.pick({ perSecond: true, jobsLeft: true }) }),
  gate: Gate.pick({ rate: true }),
  // A consumer of before this field does not answer it.
  budget: Budget.pick({ monthlyJobs: true, warmingShare: true, left: true }).partial({ left: true }),
  spent: Stats.shape.spent.pick({ per1000Jobs: true }),
});

/** Money, time and budget of so many jobs, as the server stands now; null: the server is too old to say what is left. */
export async function seeOutlook(jobs: number, api: ControlApi): Promise<Outlook | null> {
  const { pace, gate, budget, spent } = await api.call("GET /api/v1/stats", {}, STATS, { what: "the budget" });
  if (budget.left === undefined) return null;
  const ahead = pace.all.jobsLeft;
  return outlookOf({
    jobs,
    ahead,
    left: budget.left.warming,
    perMonth: budget.monthlyJobs === null ? null : Math.floor(budget.monthlyJobs * budget.warmingShare),
    // While nothing waits, the last pace may be that of a few viewers; then the gate's rate is what bulk begins with.
    perSecond: ahead > 0 && pace.all.perSecond ? pace.all.perSecond : gate.rate.perSecond,
    per1000Jobs: spent.per1000Jobs,
  });
}
