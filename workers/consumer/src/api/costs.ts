import type { CostRow, Costs, costsQuery, Dimension } from "@prewarm/control-schema/costs";
import type { Serving } from "@prewarm/control-schema/serving";
import { DAY_MS } from "@prewarm/shared/clock";
import { priceOf } from "@prewarm/shared/cost/job-price";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import type * as z from "zod";
import type { CountedCost } from "../ledger/calls.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { servingNow } from "./serving.ts";

/** Days of one answer. The ledger reads a row of each. */
const DAYS_MAX = 92;

export const costs = {
  "GET /api/v1/costs": ({ query }, deps) => costsAnswer(deps, query),
} satisfies Resource;

async function costsAnswer(deps: ApiDeps, query: z.output<typeof costsQuery>): Promise<Costs> {
  const { ledger, config, clock } = deps;
  const { by, sort, limit, cursor } = query;
  const now = clock.now();
  const to = Math.min(query.to ?? now, now);
  const from = Math.max(dayOf(query.from ?? monthOf(to)), dayOf(to) - (DAYS_MAX - 1) * DAY_MS);
  const skip = Number(cursor ?? 0);
  const { countedFrom, total, rows, more } = await ledger.listCosts({ by, from, to, sort, skip, limit });
  const serving = by === "format" ? await servingNow(deps, "30d") : null;
  const { budget } = config;
  return {
    by,
    from,
    to,
    countedFrom,
    per1000Jobs: budget.per1000Jobs,
    total: { ...total, amount: priceOf(total.jobs, budget) },
    views: serving === null ? null : { state: serving.state, oneIn: serving.oneIn },
    note: NOTES[by],
    rows: rows.map((row) => ({
      ...row,
      label: labelOf(by, row),
      amount: priceOf(row.jobs, budget),
      views: viewsOf(row.name, serving),
    })),
    nextCursor: more ? String(skip + limit) : null,
  };
}

const NOTES: Record<Dimension, string | null> = {
  image:
    "Images of the newest 10,000 stored jobs. Jobs that failed for good are no part of it: they are among the mistakes.",
  folder: "A day tells 300 folders apart. Further ones are counted in the folder above them.",
  width: null,
  format: "Views are counted by format only, so no image or width is known to be never requested.",
  run: "A job counts for the run that asked first.",
  mistake: "Paid jobs that stored nothing. Variants that were stored and purged later are no part of it.",
};

function labelOf(by: Dimension, { name, label }: CountedCost): string | null {
  if (by !== "mistake") return label;
  if (name === "superseded")
    return "Its image was purged or replaced, or the job was cancelled or retried, while it ran.";
  if (name === "cancelled") return "The job was cancelled while it ran.";
  return JOB_ERRORS[name]?.cause ?? null;
}

function viewsOf(format: string, serving: Serving | null): CostRow["views"] {
  if (serving?.state !== "counted") return null;
  return serving.formats.find((one) => one.format === format)?.views ?? 0;
}

function dayOf(at: number): number {
  return at - (at % DAY_MS);
}

function monthOf(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}
