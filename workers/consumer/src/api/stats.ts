import type { Stats } from "@prewarm/control-schema/stats";
import type { Trouble } from "@prewarm/control-schema/troubles";
import { priceOf } from "@prewarm/shared/cost/job-price";
import { JOB_STATES, type JobState, LANES } from "@prewarm/shared/job";
import { LEDGER_LIMIT_BYTES } from "@prewarm/shared/limits";
import type { LedgerStats } from "../ledger/calls.ts";
import type { ApiDeps, QueueBindings } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { gateAnswer } from "./gate.ts";
import { healthSentence } from "./health-sentence.ts";
import { tagBy } from "./revalidate.ts";

/** A queue that does not answer in time shows no numbers; it does not hold the page up. */
const METRICS_TIMEOUT_MS = 1000;

export const stats = {
  "GET /api/v1/stats": async ({ c }, deps) => {
    const stats = await statsAnswer(deps);
    await tagBy(c, stats);
    return stats;
  },
} satisfies Resource;

/** Everything the overview shows, from one read of the ledger and one of each queue. */
export async function statsAnswer(deps: ApiDeps): Promise<Stats> {
  const view = await deps.ledger.stats();
  const now = deps.clock.now();
  const gate = gateAnswer(view.gate);
  const states = sumOf(view.counts);
  const open = states.queued + states.processing + states.retrying;
  const { budget } = deps.config;
  const troubles = [...faultsOf(deps), ...view.troubles];
  return {
    at: now,
    environment: deps.environment,
    versions: { consumer: deps.version, ledger: view.version },
    health: healthSentence(troubles, {
      open,
      dead: states.dead,
      oldestAt: earliest(view.oldestWaiting),
      doneAt: view.paces.all.doneAt,
    }),
    troubles,
    states,
    lanes: view.counts,
    open,
    deadLetters: states.dead,
    waitingSince: view.oldestWaiting,
    totals: view.totals,
    waitingFor: view.waitingFor,
    rates: ratesOf(view),
    wait: view.wait,
    run: view.run,
    ready: view.lanes,
    pace: view.paces,
    queues: await queueNumbers(deps.queues),
    utilisation: {
      concurrency: { used: view.gate.slots, limit: gate.concurrency, abandoned: view.gate.abandoned },
      rate: { used: view.rates.submitted, limit: gate.rate.perSecond },
    },
    budget: gate.budget,
    spent: spentOf(gate.budget, budget),
    gate,
    ledger: { rows: view.rows, bytes: view.bytes, limitBytes: LEDGER_LIMIT_BYTES },
    metricErrors: view.metricErrors,
  };
}

/** What stands in the trouble of a fault. It cannot be acknowledged. */
const FAULT = {
  ...({ key: "fault", code: "fault", part: "configuration", level: "problem", link: "/system" } as const),
  host: null,
  past: false,
  since: null,
  cause: null,
  acknowledged: null,
};

/** Faults of configuration and environment, which only this Worker knows: whatever else is said, they are mended first. */
function faultsOf({ configFaults, environmentFaults }: ApiDeps): Trouble[] {
  const [fault, ...more] = [...configFaults, ...environmentFaults];
  if (fault === undefined) return [];
  const others = more.length === 0 ? "" : ` ${more.length} more: see /readyz.`;
  const sentence = `The configuration is at fault. ${fault.replace(/[.!?]?$/, ".")}${others}`;
  const cure = "Correct the configuration, then deploy.";
  return [{ ...FAULT, affects: { lanes: [], run: null, folder: null, count: 0 }, sentence, cure }];
}

function ratesOf(view: LedgerStats): Stats["rates"] {
  const { stored, ended, failed, accepted } = view.rates;
  const { attempts } = view;
  return {
    storedPerSecond: stored,
    endedPerSecond: ended,
    failedPerSecond: failed,
    acceptedPerSecond: accepted,
    attempts,
    failureRatio: attempts.all > 0 ? attempts.failed / attempts.all : 0,
  };
}

function spentOf({ used, usedToday }: Stats["budget"], budget: ApiDeps["config"]["budget"]): Stats["spent"] {
  return {
    month: priceOf(used, budget),
    today: priceOf(usedToday, budget),
    per1000Jobs: budget.per1000Jobs,
  };
}

/** Unix ms; null: nothing waits. */
function earliest(since: Stats["waitingSince"]): number | null {
  const known = Object.values(since).filter((at) => at !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

function sumOf(counts: LedgerStats["counts"]): Record<JobState, number> {
  const sum = (state: JobState) => LANES.reduce((total, lane) => total + counts[lane][state], 0);
  return Object.fromEntries(JOB_STATES.map((state) => [state, sum(state)])) as Record<JobState, number>;
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
