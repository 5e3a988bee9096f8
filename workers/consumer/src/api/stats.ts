import { z } from "@hono/zod-openapi";
import { JOB_STATES, type JobState, LANES } from "@prewarm/shared/job";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import type { LedgerStats } from "../ledger/contract.ts";
import type { ApiDeps, QueueBindings } from "./deps.ts";
import { viewer } from "./endpoint.ts";
import { budgetView, gateAnswer, gateState } from "./gate.ts";
import { health, healthSentence } from "./health-sentence.ts";
import { answer, byState, bytes, count, milliseconds, percentiles, refusals, time } from "./schema-words.ts";

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
    health,
    states: byState.openapi({ description: "All lanes together; `stored` is all that there ever were" }),
    lanes: perLane(byState),
    open: count,
    deadLetters: count.openapi({ description: "All dead jobs: a refused one is no dead letter" }),
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
    gate: gateState,
    ledger: z.object({
      rows: count.openapi({ description: "Of jobs; stored ones have none" }),
      bytes,
      limitBytes: bytes,
    }),
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
  const { stored, failed, accepted, submitted } = view.rates;
  const failureRatio = stored + failed > 0 ? failed / (stored + failed) : 0;
  const oldest = ages(view.oldestWaiting, now);
  const waits = LANES.map((lane) => oldest[lane]).filter((age) => age !== null);
  const etaSeconds = stored > 0 ? open / stored : open === 0 ? 0 : null;
  const standing = { gate, open, dead: states.dead, oldestMs: waits.length > 0 ? Math.max(...waits) : null };
  return {
    at: now,
    environment: deps.environment,
    health: healthSentence({
      ...standing,
      faults: [...deps.configFaults, ...deps.environmentFaults],
      ledgerBytes: view.bytes,
      storedPerSecond: stored,
      failureRatio,
      etaSeconds,
    }),
    states,
    lanes: view.counts,
    open,
    deadLetters: states.dead,
    oldest,
    rates: { storedPerSecond: stored, failedPerSecond: failed, acceptedPerSecond: accepted, failureRatio },
    wait: view.wait,
    run: view.run,
    etaSeconds,
    queues: await queueNumbers(deps.queues),
    utilisation: {
      concurrency: { used: view.gate.slots, limit: gate.concurrency },
      rate: { used: submitted, limit: gate.rate.perSecond },
    },
    budget: gate.budget,
    gate,
    ledger: { rows: view.rows, bytes: view.bytes, limitBytes: LEDGER_LIMIT_BYTES },
    metricErrors: view.metricErrors,
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
