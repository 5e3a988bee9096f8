import type { Gate } from "@prewarm/control-schema/gate";
import { Stats } from "@prewarm/control-schema/stats";
import { JOB_STATES, type JobState, LANES } from "@prewarm/shared/job";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import type { LedgerStats } from "../ledger/contract.ts";
import type { ApiDeps, QueueBindings } from "./deps.ts";
import { viewer } from "./endpoint.ts";
import { gateAnswer } from "./gate.ts";
import { healthSentence } from "./health-sentence.ts";
import { answer, refusals } from "./responses.ts";
import { warningsOf } from "./warnings.ts";

const DAY_MS = 86_400_000;
/** A queue that does not answer in time shows no numbers; it does not hold the page up. */
const METRICS_TIMEOUT_MS = 1000;

export const stats = [
  viewer(
    {
      method: "get",
      path: "/api/v1/stats",
      tags: ["stats"],
      summary: "Everything the overview shows",
      responses: { 200: answer(Stats, "Now"), ...refusals },
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
