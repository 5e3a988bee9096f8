import { z } from "@hono/zod-openapi";
import type { HistoryBucket, Tier } from "../ledger/contract.ts";
import { viewer } from "./endpoint.ts";
import { answer, count, laneTimesByLane, milliseconds, percentiles, refusals, time } from "./schema-words.ts";

const BUCKET_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Buckets shown when the caller names no range. */
const BUCKETS: Record<Tier, number> = { minute: 60, hour: 24, day: 30 };
/** Buckets in one answer. */
const BUCKETS_MAX = 10_080;

const bucket = z
  .object({
    at: time.openapi({ description: "Start of the bucket" }),
    filling: z.boolean().openapi({ description: "Still open: draw it dashed" }),
    accepted: count,
    stored: count,
    failed: count.openapi({ description: "Failed attempts" }),
    dead: count,
    refused: count.openapi({ description: "Originals of no use" }),
    throttled: count,
    wait: percentiles,
    run: percentiles,
    lanes: laneTimesByLane,
    oldestMs: milliseconds.nullable().openapi({ description: "Age of the oldest waiting job, highest seen" }),
    open: count.nullable(),
  })
  .openapi("HistoryBucket");

const timeline = z
  .object({ tier: z.enum(["minute", "hour", "day"]), bucketMs: milliseconds, buckets: z.array(bucket) })
  .openapi("History");

const bySecond = z
  .array(count.nullable())
  .openapi({ description: "One number a second; null where more was stored since than is looked back on" });
const pulse = z
  .object({
    from: time.openapi({ description: "Start of the first second" }),
    lanes: z.object({ live: bySecond, upload: bySecond, bulk: bySecond }),
  })
  .openapi("Pulse");

export const history = [
  viewer(
    {
      method: "get",
      path: "/api/v1/pulse",
      tags: ["stats"],
      summary: "What was stored in each of the last 300 seconds, by lane",
      responses: { 200: answer(pulse, "The oldest second first; the last one still fills"), ...refusals },
    },
    async (c, { ledger }) => c.json(await ledger.pulse(), 200),
  ),
  viewer(
    {
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
      responses: { 200: answer(timeline, "Buckets, oldest first, empty ones included"), ...refusals },
    },
    async (c, { ledger, clock }) => {
      const { tier, from, to } = c.req.valid("query");
      const now = clock.now();
      const range = rangeOf(tier, from, to, now);
      const found = await ledger.history(tier, range.from, range.to);
      return c.json({ tier, bucketMs: BUCKET_MS[tier], buckets: filled(found, tier, range, now) }, 200);
    },
  ),
];

function rangeOf(
  tier: Tier,
  from: number | undefined,
  to: number | undefined,
  now: number,
): { from: number; to: number } {
  const step = BUCKET_MS[tier];
  const last = Math.floor((to ?? now) / step) * step;
  const first = from === undefined ? last - (BUCKETS[tier] - 1) * step : Math.floor(from / step) * step;
  return { from: Math.max(first, last - (BUCKETS_MAX - 1) * step), to: last };
}

/** One bucket for every step, so that a chart shows silence as silence. */
function filled(
  found: HistoryBucket[],
  tier: Tier,
  range: { from: number; to: number },
  now: number,
): z.infer<typeof bucket>[] {
  const byTime = new Map(found.map((bucket) => [bucket.at, bucket]));
  const step = BUCKET_MS[tier];
  const buckets: z.infer<typeof bucket>[] = [];
  for (let at = range.from; at <= range.to; at += step) {
    buckets.push({ ...emptyBucket(at), ...byTime.get(at), filling: at + step > now });
  }
  return buckets;
}

function emptyBucket(at: number): HistoryBucket {
  const none = { p50: null, p95: null, p99: null };
  const nothing = { stored: 0, ready: none };
  return {
    at,
    accepted: 0,
    stored: 0,
    failed: 0,
    dead: 0,
    refused: 0,
    throttled: 0,
    wait: none,
    run: none,
    lanes: { live: nothing, upload: nothing, bulk: nothing },
    oldestMs: null,
    open: null,
  };
}
