import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, laneTimesByLane, milliseconds, moment, Percentiles, time } from "./words.ts";

export const tier = z.enum(["minute", "hour", "day"]);
export type Tier = z.infer<typeof tier>;

export const HistoryBucket = z
  .object({
    at: time.meta({ description: "Start of the bucket" }),
    filling: z.boolean().meta({ description: "Still open: draw it dashed" }),
    accepted: count,
    stored: count,
    failed: count.meta({ description: "Failed attempts" }),
    dead: count,
    refused: count.meta({ description: "Originals of no use" }),
    throttled: count,
    wait: Percentiles,
    run: Percentiles,
    lanes: laneTimesByLane,
    oldestMs: milliseconds.nullable().meta({ description: "Age of the oldest waiting job, highest seen" }),
    open: count.nullable(),
  })
  .meta({ id: "HistoryBucket" });
export type HistoryBucket = z.infer<typeof HistoryBucket>;

export const History = z
  .object({ tier, bucketMs: milliseconds, buckets: z.array(HistoryBucket) })
  .meta({ id: "History" });
export type History = z.infer<typeof History>;

export const historyQuery = z.object({
  tier: tier.default("minute"),
  from: moment,
  to: moment,
});

export const historyCalls = {
  "GET /api/v1/history": {
    id: "getHistory",
    tag: "stats",
    may: "viewer",
    summary: "The past: 60 minutes, 24 hours or 30 days unless `from` says otherwise",
    description: "Each bucket has what happened in it, and how long jobs took by lane.",
    query: historyQuery,
    answers: { 200: [History, "Buckets, oldest first, empty ones included"] },
  },
} as const satisfies CallTable;
