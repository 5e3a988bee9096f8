import { type Clock, systemClock, within } from "../clock.ts";
import { NO_EXTERNAL_JOBS } from "../external-jobs.ts";
import { errorText, type Log } from "../log.ts";
import type { Job, Result } from "../runner/run-job.ts";
import { runJobs } from "../runner/run-jobs.ts";
import { type LaneRule, ONE_LANE } from "../tables/lanes.ts";
import type { QueueConfig } from "../tables/queue-config.ts";
import { durableSql, type Sql } from "../tables/sql.ts";
import { JobQueue } from "./job-queue.ts";
import type { QueueHost } from "./queue.ts";

/** Makes the call of a job. `payload`: "" if the job has none. The rules are those of `RunJob`. */
export type RunCall = (job: Job & { payload: string }) => Promise<Result>;

/** The limits of a queue of calls. */
export interface CallLimits {
  /** Calls at once. */
  concurrency: number;
  /** Calls per second. */
  ratePerSecond: number;
  /** Calls that may begin at once, before the rate counts. Default: 1. */
  burst?: number;
  /** Failed attempts after which a job is a dead letter. Default: 5. */
  maxAttempts?: number;
  /** Default: one lane. */
  lanes?: readonly LaneRule[];
  /** The time of one call, in ms. Default: 30 s. */
  callMs?: number;
}

/** What the queue and its runners reach the world through. */
export interface CallDeps {
  clock: Clock;
  log: Log;
  sleep(ms: number): Promise<void>;
  newId(): string;
}

const DEPS: CallDeps = {
  clock: systemClock,
  log: (event, fields) => console.log(JSON.stringify({ event, ...fields })),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  newId: () => crypto.randomUUID(),
};

/**
 * The queue of a Durable Object, whose runners work in the object itself. Call it in the constructor, and pass `alarm`
 * on. The object's Worker should call `rearm` once a minute.
 */
export function openJobQueue(ctx: DurableObjectState, limits: CallLimits, run: RunCall): JobQueue {
  const host = { storage: ctx.storage, waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work) };
  const queue = queueWithRunners(durableSql(ctx.storage), host, { limits, run }, DEPS);
  ctx.blockConcurrencyWhile(() => begin(queue));
  return queue;
}

/** The runners of the last instance died with it, so their claims are orphaned now and not at the end of their leases. */
export async function begin(queue: JobQueue): Promise<void> {
  await queue.load();
  queue.recover();
}

export function queueWithRunners(
  sql: Sql,
  host: QueueHost,
  { limits, run }: { limits: CallLimits; run: RunCall },
  { clock, log, sleep, newId }: CallDeps,
): JobQueue {
  const { callMs } = limits;
  const work = async (): Promise<void> => {
    const runner = { owner: newId(), clock, sleep, ...(callMs === undefined ? {} : { callMs }) };
    try {
      await runJobs({
        ...runner,
        exchange: (request) => queue.exchange(request),
        run: (job) => run({ ...job, payload: queue.payloadOf(job) }),
      });
    } catch (error) {
      log("queue.runner_failed", { error: errorText(error) });
    }
  };
  const queue = new JobQueue(
    sql,
    configOf(limits),
    {
      ...{ clock, log, sleep, within, watchExternalJobs: NO_EXTERNAL_JOBS },
      newQueueId: () => newId().slice(0, 8),
      send: async (runners) => {
        for (let n = 0; n < runners; n += 1) host.waitUntil(work());
      },
    },
    host,
  );
  return queue;
}

/** A queue of one lane without a budget, whose limits are not automatic. */
function configOf({
  concurrency,
  ratePerSecond,
  burst = 1,
  maxAttempts = 5,
  lanes = ONE_LANE,
}: CallLimits): QueueConfig {
  const fixed = (limit: number) => ({ start: limit, min: limit, max: limit });
  const auto = { concurrency: fixed(concurrency), ratePerSecond: fixed(ratePerSecond) };
  const gate = { concurrency, ratePerSecond, burst, auto, budget: null };
  return { lanes, gate, limits: { maxAttempts, workers: concurrency } };
}
