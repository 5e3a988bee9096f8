import * as z from "zod";
import type { CallTable } from "./call.ts";
import { Budget, Gate } from "./gate.ts";
import { WaitingFor } from "./jobs.ts";
import { Pace } from "./pace.ts";
import { Health, Troubles } from "./troubles.ts";
import {
  byLane,
  bytes,
  CodeVersion,
  CountsByState,
  count,
  described,
  laneTimesByLane,
  Percentiles,
  time,
} from "./words.ts";

/** What is counted of jobs. `failed` are attempts, `throttled` answers of the engine; a job may be `dead` more than once. */
export const EVENTS = ["accepted", "stored", "failed", "dead", "refused", "cancelled", "throttled"] as const;
export type Event = (typeof EVENTS)[number];

const used = z.object({ used: z.number().min(0), limit: z.number().min(0).nullable() });

const QueueMetrics = z
  .object({ backlogCount: count, backlogBytes: bytes, oldestMessageAt: time.nullable() })
  .meta({ id: "QueueMetrics" });

const rates = z
  .object({
    storedPerSecond: z.number(),
    endedPerSecond: z.number().meta({ description: "However they ended" }),
    failedPerSecond: z.number(),
    acceptedPerSecond: z.number(),
    attempts: z
      .object({ failed: count, all: count })
      .meta({ description: "Of the last five minutes: those that failed, and all that ended" }),
    failureRatio: z.number().min(0).max(1).meta({ description: "Failed attempts of those of the last five minutes" }),
  })
  .meta({ description: "Of the minute before and the one under way" });

const spent = z
  .object({
    month: z.number().nullable().meta({ description: "What this month's jobs have cost so far" }),
    today: z.number().nullable().meta({ description: "What today's (UTC) have cost" }),
    per1000Jobs: z.number().nullable().meta({ description: "The price, `budget.per1000Jobs`" }),
  })
  .meta({ description: "null: no price is set" });

export const Stats = z
  .object({
    at: time,
    environment: z.string(),
    versions: z
      .object({ consumer: CodeVersion.nullable(), ledger: CodeVersion.nullable() })
      .meta({ description: "Which code runs; null where the platform names none" }),
    health: described(Health, "The first trouble that is not acknowledged, or how much is open"),
    troubles: Troubles.shape.troubles,
    states: described(CountsByState, "All lanes together; `stored` is all that there ever were"),
    lanes: byLane(CountsByState),
    open: count,
    deadLetters: count.meta({ description: "All dead jobs: a refused one is no dead letter" }),
    waitingSince: byLane(time.nullable()).meta({ description: "When the oldest job that waits was ordered" }),
    waitingFor: byLane(WaitingFor).meta({ description: "Why each lane's jobs wait; null: none does" }),
    rates,
    totals: z.object(Object.fromEntries(EVENTS.map((event) => [event, count])) as Record<Event, typeof count>).meta({
      description: "Since the ledger was made: `failed` counts attempts, `throttled` Ittybit's 429s",
    }),
    wait: described(Percentiles, "Enqueued to first submitted, last hour, without retries"),
    run: described(Percentiles, "Submitted to stored, last hour"),
    ready: laneTimesByLane.meta({ description: "Of the last hour, by lane" }),
    pace: z
      .object({ all: Pace, live: Pace, upload: Pace, bulk: Pace })
      .meta({ description: "Of all open jobs, and of each lane's" }),
    queues: z
      .record(z.string(), QueueMetrics.nullable())
      .meta({ description: "By queue name; null where the platform gives no metrics" }),
    utilisation: z.object({
      concurrency: used
        .extend({ abandoned: count.meta({ description: "Of `used`: jobs that Prewarm gave up; no list has them" }) })
        .meta({ description: "Jobs at Ittybit of those allowed" }),
      rate: used.meta({ description: "Submissions a second of those allowed" }),
    }),
    budget: Budget,
    spent,
    gate: Gate,
    ledger: z.object({
      rows: count.meta({ description: "Of jobs; stored ones have none" }),
      bytes,
      limitBytes: bytes,
    }),
    metricErrors: count.meta({ description: "Times that recording a metric failed" }),
  })
  .meta({ id: "Stats" });
export type Stats = z.infer<typeof Stats>;

export const statsCalls = {
  "GET /api/v1/stats": {
    id: "getStats",
    tag: "stats",
    may: "viewer",
    summary: "Everything the overview shows",
    description: "Counts, rates, paces, money and what is wrong, from one read of the ledger and one of each queue.",
    answers: { 200: [Stats, "Now"] },
  },
} as const satisfies CallTable;
