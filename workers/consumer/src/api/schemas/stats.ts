import { LANES } from "@prewarm/shared/job";
import { answer, byState, bytes, count, createRoute, milliseconds, percentiles, refusals, time, z } from "./common.ts";
import { budgetView, gate } from "./gate.ts";

function perLane<T extends z.ZodType>(one: T) {
  return z.object(Object.fromEntries(LANES.map((lane) => [lane, one])) as Record<(typeof LANES)[number], T>);
}

const used = z.object({ used: z.number().min(0), limit: z.number().min(0).nullable() });

export const queueMetrics = z
  .object({ backlogCount: count, backlogBytes: bytes, oldestMessageAt: time.nullable() })
  .openapi("QueueMetrics");

export const health = z
  .object({
    level: z.enum(["ok", "warning", "problem"]),
    sentence: z.string().openapi({ example: "Healthy: nothing waits." }),
    since: time.nullable(),
  })
  .openapi("Health");

export const stats = z
  .object({
    at: time,
    environment: z.string(),
    health,
    states: byState.openapi({ description: "All lanes together" }),
    lanes: perLane(byState),
    open: count,
    deadLetters: count.openapi({
      description: "Dead jobs to look at: those whose original is missing or unusable are in `states.dead` only",
    }),
    oldest: perLane(milliseconds.nullable()).openapi({
      description: "Age of the oldest job that waits, in milliseconds",
    }),
    rates: z
      .object({
        storedPerSecond: z.number(),
        failedPerSecond: z.number(),
        acceptedPerSecond: z.number(),
        failureRatio: z.number().min(0).max(1).openapi({ description: "Failed attempts of all that ended" }),
      })
      .openapi({ description: "Last five whole minutes" }),
    wait: percentiles.openapi({ description: "Enqueued to first submitted, last hour, without retries" }),
    run: percentiles.openapi({ description: "Submitted to stored, last hour" }),
    etaSeconds: z.number().nullable().openapi({ description: "Until the open jobs are done at this rate" }),
    queues: z
      .record(z.string(), queueMetrics.nullable())
      .openapi({ description: "By queue name; null where the platform gives no metrics" }),
    utilisation: z.object({
      concurrency: used.openapi({ description: "Jobs at Ittybit of those allowed" }),
      rate: used.openapi({ description: "Submissions a second of those allowed" }),
    }),
    budget: budgetView,
    gate,
    ledger: z.object({ rows: count, bytes, limitBytes: bytes }),
    metricErrors: count.openapi({ description: "Times that recording a metric failed" }),
  })
  .openapi("Stats");
export type Stats = z.infer<typeof stats>;

export const bucket = z
  .object({
    at: time.openapi({ description: "Start of the bucket" }),
    filling: z.boolean().openapi({ description: "Still open: draw it dashed" }),
    accepted: count,
    stored: count,
    failed: count.openapi({ description: "Failed attempts" }),
    dead: count,
    throttled: count,
    wait: percentiles,
    run: percentiles,
    oldestMs: milliseconds.nullable().openapi({ description: "Age of the oldest waiting job, highest seen" }),
    open: count.nullable(),
  })
  .openapi("HistoryBucket");

export const history = z
  .object({ tier: z.enum(["minute", "hour", "day"]), bucketMs: milliseconds, buckets: z.array(bucket) })
  .openapi("History");
export type History = z.infer<typeof history>;

export const statsRoute = createRoute({
  method: "get",
  path: "/api/v1/stats",
  tags: ["stats"],
  summary: "Everything the overview shows",
  responses: { 200: answer(stats, "Now"), ...refusals },
});

export const historyRoute = createRoute({
  method: "get",
  path: "/api/v1/history",
  tags: ["stats"],
  summary: "The past: 60 minutes, 24 hours or 30 days unless `from` says otherwise",
  request: {
    query: z.object({
      tier: z.enum(["minute", "hour", "day"]).default("minute"),
      from: z.coerce.number().int().min(0).optional(),
      to: z.coerce.number().int().min(0).optional(),
    }),
  },
  responses: { 200: answer(history, "Buckets, oldest first, empty ones included"), ...refusals },
});
