import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count, moment, nextCursor, numberCursor, time } from "./words.ts";

/** By what the cost of jobs is told apart. */
export const DIMENSIONS = ["image", "folder", "width", "format", "run", "mistake"] as const;
const Dimension = z.enum(DIMENSIONS).meta({ id: "Dimension" });
export type Dimension = z.infer<typeof Dimension>;

export const SORTS = ["cost", "stored", "bytes", "name"] as const;
const sort = z.enum(SORTS);
export type CostSort = z.infer<typeof sort>;

const amount = z.number().nullable().meta({ description: "By `budget.per1000Jobs`; null: it is not configured" });
/** A job that made nothing is taken back, so a part of a day may have fewer than none. */
const jobs = z.number().int().meta({ description: "Ittybit jobs that the budget paid" });

export const CostRow = z
  .object({
    name: z.string().meta({
      description:
        "The image's id; the folder with its `/`; the width in px, `x400` for a height, or `orig`; the format; the run; the code of the mistake. Empty: not known, the root folder, or outside any run",
    }),
    label: z.string().nullable().meta({ description: "Of a run its label, of a mistake what its code means" }),
    jobs,
    stored: count.meta({ description: "Variants that these jobs stored" }),
    bytes: bytes.meta({ description: "Of these variants when they were stored" }),
    amount,
    views: count
      .nullable()
      .meta({ description: "Of a format: its views of the last 30 days, sampled (`views`). Null: not counted" }),
  })
  .meta({ id: "CostRow" });
export type CostRow = z.infer<typeof CostRow>;

export const Costs = z
  .object({
    by: Dimension,
    from: time.meta({ description: "Start of the first day (UTC), Unix milliseconds" }),
    to: time.meta({ description: "End of the last day or now, Unix milliseconds" }),
    countedFrom: time
      .nullable()
      .meta({ description: "Start of the first day that has costs, Unix milliseconds; null: no job was paid" }),
    total: z.object({
      jobs,
      stored: count,
      bytes,
      amount,
      mistakes: count.meta({ description: "Paid jobs that stored nothing" }),
    }),
    per1000Jobs: z.number().nullable(),
    views: z
      .object({ state: z.enum(["counted", "off", "unreadable"]), oneIn: count })
      .nullable()
      .meta({
        description: "How views were counted: one in so many stands for all. Null: not asked, `by` is no format",
      }),
    note: z.string().nullable().meta({ description: "What the numbers do not cover" }),
    rows: z.array(CostRow),
    nextCursor,
  })
  .meta({ id: "Costs" });
export type Costs = z.infer<typeof Costs>;

const ROWS_MAX = 200;

export const costsQuery = z.object({
  by: Dimension.default("folder"),
  from: moment.meta({
    description: "Unix milliseconds; whole days (UTC), at most 92. Default: the start of this month",
  }),
  to: moment.meta({ description: "Unix milliseconds. Default: now" }),
  sort: sort.default("cost"),
  limit: z.coerce.number<number>().int().min(1).max(ROWS_MAX).default(50).meta({ description: "Rows in one page" }),
  cursor: numberCursor,
});

export const costCalls = {
  "GET /api/v1/costs": {
    id: "listCosts",
    tag: "stats",
    may: "viewer",
    summary: "What jobs cost, by image, folder, width, format, run or mistake",
    description:
      "Jobs of the budget, counted on the day (UTC) that paid them. The sum over folders, widths, formats or runs is the sum of the budget. Images are those of the newest 10,000 stored jobs.",
    query: costsQuery,
    answers: { 200: [Costs, "A page of rows, and the sum of all"] },
  },
} as const satisfies CallTable;
