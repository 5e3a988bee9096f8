import { z } from "@hono/zod-openapi";
import { JOB_STATES, type JobState, LANES } from "@prewarm/shared/job";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import { EVENTS, type Event, type LedgerStats } from "../ledger/contract.ts";
import type { ApiDeps, QueueBindings } from "./deps.ts";
import { viewer } from "./endpoint.ts";
import { budgetView, type Gate, gateAnswer, gateState } from "./gate.ts";
import { health, healthSentence } from "./health-sentence.ts";
import { waitingFor } from "./jobs.ts";
import {
  answer,
  byState,
  bytes,
  codeVersion,
  count,
  laneTimesByLane,
  milliseconds,
  percentiles,
  refusals,
  time,
} from "./schema-words.ts";
import { warning, warningsOf } from "./warnings.ts";

const DAY_MS = 86_400_000;
/** A queue that does not answer in time shows no numbers; it does not hold the page up. */
const METRICS_TIMEOUT_MS = 1000;

function perLane<T extends z.ZodType>(one: T) {
  return z.object(Object.fromEntries(LANES.map((lane) => [lane, one])) as Record<(typeof LANES)[number], T>);
}

const used = z.object({ used: z.number().min(0), limit: z.number().min(0).nullable() });

const queueMetrics = z
  .object({ backlogCount: count, backlogBytes: bytes, oldestMessageAt: time.nullable() })
  .openapi("QueueMetrics");

const overview = z
  .object({
    at: time,
    environment: z.string(),
    versions: z
      .object({ consumer: codeVersion.nullable(), ledger: codeVersion.nullable() })
      .openapi({ description: "Which code runs; null where the platform tells none" }),
    health,
    warnings: z
      .array(warning)
      .openapi({ description: "Everything that is wrong, the worst first; `health` is the first of it" }),
    states: byState.openapi({ description: "All lanes together; `stored` is all that there ever were" }),
    lanes: perLane(byState),
    open: count,
    deadLetters: count.openapi({ description: "All dead jobs: a refused one is no dead letter" }),
    oldest: perLane(milliseconds.nullable()).openapi({
      description: "Age of the oldest job that waits, in milliseconds",
    }),
    waitingFor: perLane(waitingFor).openapi({ description: "Why each lane's jobs wait; null: none does" }),
    rates: z
      .object({
        seconds: z.number().openapi({ description: "Over how long: the minute before and the one under way" }),
        storedPerSecond: z.number(),
        endedPerSecond: z.number().openapi({ description: "However they ended" }),
        failedPerSecond: z.number(),
        acceptedPerSecond: z.number(),
        submittedPerSecond: z.number(),
        attempts: z
          .object({ failed: count, all: count })
          .openapi({ description: "Of the last five minutes: those that failed, and all that ended" }),
        failureRatio: z
          .number()
          .min(0)
          .max(1)
          .openapi({ description: "Failed attempts of those of the last five minutes" }),
      })
      .openapi({ description: "Of late" }),
    totals: z.object(Object.fromEntries(EVENTS.map((event) => [event, count])) as Record<Event, typeof count>).openapi({
      description: "Since the ledger was made: `failed` counts attempts, `throttled` Ittybit's 429s",
    }),
    wait: percentiles.openapi({ description: "Enqueued to first submitted, last hour, without retries" }),
    run: percentiles.openapi({ description: "Submitted to stored, last hour" }),
    ready: laneTimesByLane.openapi({ description: "Of the last hour, by lane" }),
    etaSeconds: z
      .number()
      .nullable()
      .openapi({ description: "Until the open jobs have ended at this rate; null while some of them may not go" }),
    queues: z
      .record(z.string(), queueMetrics.nullable())
      .openapi({ description: "By queue name; null where the platform gives no metrics" }),
    utilisation: z.object({
      concurrency: used.openapi({ description: "Jobs at Ittybit of those allowed" }),
      rate: used.openapi({ description: "Submissions a second of those allowed" }),
    }),
    budget: budgetView,
    forecast: z
      .object({
        jobs: count.openapi({ description: "Of this month at its end, should it go on as until now" }),
        amount: z.number().nullable().openapi({ description: "What they cost; null: no price is set" }),
        spent: z.number().nullable().openapi({ description: "What this month's jobs have cost so far" }),
        spentToday: z.number().nullable().openapi({ description: "And today's (UTC)" }),
        per1000Jobs: z.number().nullable().openapi({ description: "The price that all this goes by" }),
        exhaustedAt: time.nullable().openapi({
          description: "When this month's budget is used up at that pace; null: not this month, or unlimited",
        }),
      })
      .openapi({ description: "By `prices.ittybitPer1000Jobs`" }),
    gate: gateState,
    ledger: z.object({
      rows: count.openapi({ description: "Of jobs; stored ones have none" }),
      bytes,
      limitBytes: bytes,
    }),
    hooks: z
      .object({
        woke: count.openapi({ description: "That caused a look at a job" }),
        unknown: count.openapi({ description: "That named no open job, or one that had its looks already" }),
        refused: count.openapi({ description: "Without the right token or signature" }),
        refusedAt: time
          .nullable()
          .openapi({ description: "When Ittybit refused to take an address; for a day it is told none" }),
      })
      .nullable()
      .openapi({ description: "Ittybit's webhooks since the ledger's instance began; null while they are off" }),
    metricErrors: count.openapi({ description: "Times that recording a metric failed" }),
  })
  .openapi("Stats");
export type Stats = z.infer<typeof overview>;

export const stats = [
  viewer(
    {
      method: "get",
      path: "/api/v1/stats",
      tags: ["stats"],
      summary: "Everything the overview shows",
      responses: { 200: answer(overview, "Now"), ...refusals },
    },
    async (c, deps) => c.json(await statsAnswer(deps), 200),
  ),
];

/** Everything the overview shows, from one read of the ledger and one of each queue. */
export async function statsAnswer(deps: ApiDeps): Promise<Stats> {
  const view = await deps.ledger.stats();
  const now = deps.clock.now();
  const gate = gateAnswer(view.gate);
  const states = sumOf(view.counts);
  const open = states.queued + states.processing + states.retrying;
  const { seconds, stored, ended, failed, accepted, submitted } = view.rates;
  const attempts = { failed: view.troubles.failing?.n ?? 0, all: view.troubles.failing?.of ?? 0 };
  const oldest = ages(view.oldestWaiting, now);
  const waits = LANES.map((lane) => oldest[lane]).filter((age) => age !== null);
  const oldestMs = waits.length > 0 ? Math.max(...waits) : null;
  const etaSeconds = etaOf(view, { gate, open, oldestMs });
  const faults = [...deps.configFaults, ...deps.environmentFaults];
  const warnings = warningsOf({ now, faults, gate, ledgerBytes: view.bytes, open, dead: states.dead, view, oldest });
  return {
    at: now,
    environment: deps.environment,
    versions: { consumer: deps.version, ledger: view.version },
    health: healthSentence(warnings, { open, oldestMs, etaSeconds }),
    warnings,
    states,
    lanes: view.counts,
    open,
    deadLetters: states.dead,
    oldest,
    totals: view.totals,
    waitingFor: view.waitingFor,
    rates: {
      ...{ seconds, storedPerSecond: stored, endedPerSecond: ended, failedPerSecond: failed },
      ...{ acceptedPerSecond: accepted, submittedPerSecond: submitted, attempts },
      failureRatio: attempts.all > 0 ? attempts.failed / attempts.all : 0,
    },
    wait: view.wait,
    run: view.run,
    ready: view.lanes,
    etaSeconds,
    queues: await queueNumbers(deps.queues),
    utilisation: {
      concurrency: { used: view.gate.slots, limit: gate.concurrency },
      rate: { used: submitted, limit: gate.rate.perSecond },
    },
    budget: gate.budget,
    forecast: forecastOf(gate.budget, now, deps.config.prices.ittybitPer1000Jobs),
    gate,
    ledger: { rows: view.rows, bytes: view.bytes, limitBytes: LEDGER_LIMIT_BYTES },
    hooks: view.hooks,
    metricErrors: view.metricErrors,
  };
}

/**
 * What is paused, and everything behind an open breaker, has no end to be told. Nor has what waits for less long than the rate is of: it was
 * the rate of when there was nothing to do.
 */
function etaOf(
  { rates, counts }: LedgerStats,
  { gate, open, oldestMs }: { gate: Gate; open: number; oldestMs: number | null },
): number | null {
  if (open === 0) return 0;
  if ((oldestMs ?? 0) < rates.seconds * 1_000) return null;
  const held = LANES.some((lane) => {
    const { queued, retrying } = counts[lane];
    return gate.paused[lane] && queued + retrying > 0;
  });
  if (held || gate.breaker.state !== "closed" || rates.ended === 0) return null;
  return open / rates.ended;
}

/** A first day tells little: it counts as a whole one. */
function forecastOf(
  { used, usedToday, monthlyJobs }: Gate["budget"],
  now: number,
  per1000: number | null,
): Stats["forecast"] {
  const date = new Date(now);
  const begin = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const end = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  const perMs = used / Math.max(DAY_MS, now - begin);
  const pace = perMs * (end - begin);
  const jobs = Math.round(pace);
  const price = (n: number) => (per1000 === null ? null : (n * per1000) / 1000);
  const isOver = monthlyJobs !== null && pace > monthlyJobs;
  return {
    ...{ jobs, amount: price(jobs), spent: price(used), spentToday: price(usedToday), per1000Jobs: per1000 },
    exhaustedAt: isOver ? Math.max(now, Math.round(now + (monthlyJobs - used) / perMs)) : null,
  };
}

function sumOf(counts: LedgerStats["counts"]): Record<JobState, number> {
  const sum = (state: JobState) => LANES.reduce((total, lane) => total + counts[lane][state], 0);
  return Object.fromEntries(JOB_STATES.map((state) => [state, sum(state)])) as Record<JobState, number>;
}

function ages(since: LedgerStats["oldestWaiting"], now: number): Stats["oldest"] {
  const age = (at: number | null) => (at === null ? null : Math.max(0, now - at));
  return { live: age(since.live), upload: age(since.upload), bulk: age(since.bulk) };
}

async function queueNumbers(queues: QueueBindings): Promise<Stats["queues"]> {
  const entries = Object.entries(queues).map(async ([name, queue]) => [name, await numbersOf(queue)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function numbersOf(queue: QueueBindings[string]): Promise<Stats["queues"][string]> {
  if (typeof queue.metrics !== "function") return null;
  try {
    const late = new Promise<null>((resolve) => setTimeout(resolve, METRICS_TIMEOUT_MS, null));
    const numbers = await Promise.race([queue.metrics(), late]);
    if (numbers === null) return null;
    const oldest = numbers.oldestMessageTimestamp?.getTime() ?? 0;
    return {
      backlogCount: numbers.backlogCount,
      backlogBytes: numbers.backlogBytes,
      oldestMessageAt: oldest > 0 ? oldest : null,
    };
  } catch {
    return null;
  }
}
