import type { BeforeRestore } from "./calls.ts";
import { checkEnqueue, checkLane, checkPause } from "./checks.ts";
import { exchange } from "./claims/exchange.ts";
import { type Clock, systemClock, within } from "./clock.ts";
import { NO_EXTERNAL_JOBS } from "./external-jobs.ts";
import { enqueue } from "./intake/enqueue.ts";
import { checkKey, type JobKey } from "./job-key.ts";
import type {
  Closed,
  Enqueue,
  EnqueueAnswer,
  JobCounts,
  JobDetails,
  JobPage,
  JobQuery,
  Pause,
  RunCall,
  RunView,
} from "./jobs.ts";
import { MAX_ATTEMPTS } from "./limits.ts";
import { errorText, type Log } from "./log.ts";
import { Queue, type QueueHost } from "./object/queue.ts";
import { countJobs, findJob, findRun, listJobs, payloadOf, rowOf } from "./operate/list-jobs.ts";
import { closedNow, pause, resume } from "./operate/pause.ts";
import { beforeRestore, restored } from "./operate/restored.ts";
import { cancelJob, cancelRun, type JobResult, retryJob } from "./operate/retry-and-cancel.ts";
import { runJobs } from "./runner/run-jobs.ts";
import { type LaneRule, ONE_LANE } from "./tables/lanes.ts";
import { type Budget, checkedConfig, type QueueConfig } from "./tables/queue-config.ts";
import { type Migrations, withOwn } from "./tables/schema.ts";
import { durableSql, type ObjectStorage, type Sql } from "./tables/sql.ts";
import { QueueTx } from "./tx/queue-tx.ts";

/*
 * The public entry of the queue. The first part is all that a queue of calls needs. The second part is for those who
 * extend the queue. Tests and simulators have a second entry, `./testing`.
 */

/* ── A queue of calls ──────────────────────────────────────────────────────────────────────────────────────────── */

export type { JobKey } from "./job-key.ts";
export type {
  Call,
  Closed,
  Enqueue,
  EnqueueAnswer,
  FailedAttempt,
  Job,
  JobCounts,
  JobDetails,
  JobPage,
  JobQuery,
  JobState,
  NewJob,
  Pause,
  RunCall,
  RunView,
} from "./jobs.ts";
export type { Result } from "./runner/run-job.ts";

/** The limits of a queue of calls, and what its user adds to it. */
export interface JobQueueOptions {
  /** Calls at once. */
  concurrency: number;
  /** Calls per second. */
  ratePerSecond: number;
  /** Calls that may begin at once, before the rate counts. Default: 1. */
  burst?: number;
  /** Failed attempts after which a job is a dead letter. Default: MAX_ATTEMPTS. */
  maxAttempts?: number;
  /** The time of one call, in ms. Default: CALL_MS. */
  callMs?: number;
  /** The first goes first. Default: one, named `default`. */
  lanes?: readonly LaneRule[];
  /** Calls that may be paid for. Default: unlimited. */
  budget?: Budget;
  /** A class of yours, which hears what happens to jobs in the transaction in which it happens. Default: `QueueTx`. */
  Tx?: typeof QueueTx;
  /** Statements that create tables of yours, a list for each version of your schema. Default: none. */
  tables?: Migrations;
}

/** A Durable Object's `ctx`, as far as the queue uses it. */
export interface ObjectContext {
  storage: ObjectStorage & QueueHost["storage"];
  waitUntil(work: Promise<unknown>): void;
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Opens the queue of a Durable Object. Its runners work in the object itself and call `run` for each job. Call it once,
 * in the constructor of the object; pass `alarm` on, and call `rearm` once a minute from a cron of the Worker.
 */
export function openJobQueue(ctx: ObjectContext, options: JobQueueOptions, run: RunCall): JobQueue {
  const host = { storage: ctx.storage, waitUntil: (work: Promise<unknown>) => ctx.waitUntil(work) };
  const queue = new JobQueue(durableSql(ctx.storage), host, { options, run });
  void ctx.blockConcurrencyWhile(() => queue.begin());
  return queue;
}

/** What a queue of calls reaches the world through. */
export interface JobQueueDeps {
  clock: Clock;
  log: Log;
  sleep(ms: number): Promise<void>;
  newId(): string;
}

const DEPS: JobQueueDeps = {
  clock: systemClock,
  log: (event, fields) => console.log(JSON.stringify({ event, ...fields })),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  newId: () => crypto.randomUUID(),
};

/**
 * A queue whose jobs are calls of one function. Each method is one transaction of the object's database, and answers
 * when that is over. Times are Unix ms. What is wrong with an argument is a `TypeError`.
 */
export class JobQueue extends Queue {
  readonly #lanes: readonly LaneRule[];
  readonly #clock: Clock;

  constructor(sql: Sql, host: QueueHost, { options, run }: { options: JobQueueOptions; run: RunCall }, deps = DEPS) {
    const { clock, log, sleep, newId } = deps;
    const { Tx = QueueTx, tables = [] } = options;
    const config = configOf(options);
    super(
      sql,
      {
        tables: withOwn(tables),
        openTx: (over, opening) => new Tx(over, { config, ...opening }),
      },
      {
        clock,
        log,
        sleep,
        within,
        watchExternalJobs: NO_EXTERNAL_JOBS,
        newQueueId: () => newId().slice(0, 8),
        send: async (runners) => {
          for (let n = 0; n < runners; n += 1) host.waitUntil(this.#work(run, options.callMs, deps));
        },
      },
      host,
    );
    this.#lanes = config.lanes;
    this.#clock = clock;
  }

  /* ── Jobs ── */

  /**
   * Accepts jobs. After the answer `done` or `repeat` none of them is lost: each ends done, dead or cancelled. Throws a
   * `TypeError` where a name is empty or too long, a key stands twice, a time is no Unix ms, or there are too many jobs.
   */
  enqueue(request: Enqueue): EnqueueAnswer {
    checkEnqueue(request, this.#lanes, this.#clock.now());
    return this.change((tx) => enqueue(tx, request));
  }

  /**
   * A job with its state, payload, failures and the time at which it is due. Null: there is none of this key, because it
   * is done, was never enqueued, or ended too long ago. Dead letters stay for 30 days and cancelled jobs for one.
   */
  job(key: JobKey): JobDetails | null {
    checkKey(key);
    return this.transactions.read((tx) => findJob(tx, key));
  }

  /**
   * Lists jobs that are not done. A call walks past at most 1,000 jobs, so a page may be short or empty and still have a
   * cursor. `limit`: 1 to 100, default 100. `cursor`: of the page before.
   */
  jobs(query: JobQuery = {}, page: { limit?: number; cursor?: string | null } = {}): JobPage {
    return this.transactions.read((tx) => listJobs(tx, query, page));
  }

  /**
   * Runs a dead or cancelled job again: now, from attempt 1, under a new idempotency key. A job that waits after a
   * failed attempt is due now, and its attempts stay. `conflict`: the job is open and does not wait for that.
   */
  retry(key: JobKey): JobResult {
    return this.#act(key, retryJob);
  }

  /**
   * Cancels a job: at once if it waits. The call of a running job is aborted, and the job ends as cancelled, or as done
   * if the call was faster. `conflict`: the job has ended.
   */
  cancel(key: JobKey): JobResult {
    return this.#act(key, cancelJob);
  }

  /* ── Runs and counts ── */

  /** A run with the numbers of its jobs by state. Null: there is none, or it ended 30 days ago. */
  run(run: string): RunView | null {
    return this.transactions.read((tx) => findRun(tx, run));
  }

  /** Cancels the jobs of a run that no other run asked for, 2,000 at a time, and accepts no more. False: there is none. */
  cancelRun(run: string): boolean {
    return this.change((tx) => cancelRun(tx, run));
  }

  /** The numbers of jobs by state, of one lane or of all. `done` counts from the first day on. */
  counts(lane?: Enqueue["lane"]): JobCounts {
    checkLane(this.#lanes, lane);
    return this.transactions.read((tx) => countJobs(tx, lane));
  }

  /* ── The gate ── */

  /** Why no job of a lane starts now. Null: jobs start. Default: the lane of `enqueue`. */
  closed(lane?: Enqueue["lane"]): Closed | null {
    checkLane(this.#lanes, lane);
    return this.transactions.read((tx) => closedNow(tx, lane));
  }

  /** Starts no more calls of a lane, or of all. Calls that run go on to their ends. */
  pause(how: Pause = {}): void {
    checkPause(how, this.#lanes, this.#clock.now());
    this.change((tx) => pause(tx, how));
  }

  /** Ends the pause of a lane, or of all. */
  resume(lane?: Enqueue["lane"]): void {
    checkLane(this.#lanes, lane);
    this.change((tx) => resume(tx, lane));
  }

  /* ── The object's own life ── */

  /**
   * Reads the alarm that is set, and gives the jobs of the last instance to new runners at once: its runners died with
   * it. `openJobQueue` calls it. Call it before any other method.
   */
  async begin(): Promise<void> {
    await this.load();
    this.recover();
  }

  /**
   * Call it after an older copy of the database was put back: jobs get new idempotency keys, and nothing starts for two
   * minutes. `before`: what the replaced database knew (`findBookmark`). Null: it could not be asked.
   */
  restored(before: BeforeRestore | null): void {
    this.change((tx) => restored(tx, before));
  }

  /** The object's alarm: calls that are due, leases that have ended. Never throws. */
  override alarm(): Promise<void> {
    return super.alarm();
  }

  /** The cron's call, once a minute: sets an alarm that the platform has lost, and deletes old rows. */
  override rearm(): Promise<void> {
    return super.rearm();
  }

  /* ── Inside ── */

  #act(key: JobKey, act: (tx: QueueTx, id: number) => JobResult): JobResult {
    checkKey(key);
    return this.change((tx) => act(tx, rowOf(tx, key)?.id ?? 0));
  }

  /** One runner, from its first call of the queue to its last. */
  async #work(run: RunCall, callMs: number | undefined, { clock, log, sleep, newId }: JobQueueDeps): Promise<void> {
    try {
      await runJobs({
        owner: newId(),
        clock,
        sleep,
        ...(callMs === undefined ? {} : { callMs }),
        exchange: (request) => this.change((tx) => exchange(tx, request, () => ({}))),
        run: (job) => run({ ...job, payload: this.transactions.read((tx) => payloadOf(tx, job)) }),
      });
    } catch (error) {
      log("queue.runner_failed", { error: errorText(error) });
    }
  }

  protected override beforeRestore(tx: QueueTx): BeforeRestore {
    return beforeRestore(tx);
  }
}

/** The limits are not automatic. Throws a `TypeError` for a limit that is no number above 0. */
function configOf(options: JobQueueOptions): QueueConfig {
  const {
    concurrency,
    ratePerSecond,
    burst = 1,
    maxAttempts = MAX_ATTEMPTS,
    lanes = ONE_LANE,
    budget = null,
  } = options;
  for (const [name, limit] of Object.entries({ concurrency, ratePerSecond, burst, maxAttempts }))
    if (!(limit > 0 && Number.isFinite(limit))) throw new TypeError(`${name} must be a number above 0, not ${limit}`);
  const fixed = (limit: number) => ({ start: limit, min: limit, max: limit });
  const auto = { concurrency: fixed(concurrency), ratePerSecond: fixed(ratePerSecond) };
  const gate = { concurrency, ratePerSecond, burst, auto, budget };
  return checkedConfig({ lanes, gate, limits: { maxAttempts, workers: concurrency } });
}

/* ── For those who extend the queue ──────────────────────────────────────────────────────────────────────────── */

export { probeAt } from "./admission/breaker.ts";
export { type Bucket, take } from "./admission/bucket.ts";
export { budgetLeft, usedBy, usedToday } from "./admission/budget.ts";
export {
  allSlots,
  closeBreaker,
  closedFor,
  fetchesAllowed,
  isClosedForAll,
  isFull,
  isProbe,
  nextOpenAt,
  pauseOf,
  type Refusal,
  slotsOf,
} from "./admission/gate.ts";
export { breakerOf } from "./admission/origins.ts";
export { openJobs, type Slots, slotsTaken, urgentAdmitted, urgentOpen } from "./admission/slots.ts";
export type {
  AcceptChunk,
  Accepted,
  Assignment,
  BeforeRestore,
  ChunkAnswer,
  Drop,
  ExchangeAnswer,
  ExchangeRequest,
  External,
  FinishRequest,
  Held,
  Outcome,
  Page,
  Phase,
} from "./calls.ts";
export { exchange } from "./claims/exchange.ts";
export { openExternally } from "./claims/found-jobs.ts";
export { hasQuarantined } from "./claims/hand-out.ts";
export { isLive } from "./claims/leases.ts";
export {
  claimOf,
  deleteRow,
  isLocked,
  newGeneration,
  orderAgain,
  putOffUntil,
  raise,
  refuse,
} from "./claims/transitions.ts";
export { within } from "./clock.ts";
export {
  type ExternalJob,
  type ExternalJobs,
  NOTHING,
  type Observations,
  type OpenJob,
  type OpenJobsView,
  type UnreportedJob,
  type WatchExternalJobs,
} from "./external-jobs.ts";
export { acceptChunk, findDelivery, finishDelivery } from "./intake/accept-chunk.ts";
export { CLAIMS_MAX, FULL_BYTES, GO_FEW, GO_MAX, MAX_ATTEMPTS, SHED_BYTES } from "./limits.ts";
export { usedByDay } from "./memory/counters.ts";
export { type Gate, quantileMs } from "./memory/gate-memory.ts";
export { Memory } from "./memory/memory.ts";
export { ALARM_LATE_MS } from "./object/alarm.ts";
export { type Duties, runOutbox } from "./object/on-alarm.ts";
export { Queue, type QueueHost } from "./object/queue.ts";
export type { QueueDeps } from "./object/queue-deps.ts";
export { Transactions } from "./object/transactions.ts";
export { examine } from "./operate/examine.ts";
export { admittedRows, memberStates, type StateCounts, stateCounts, stateOf } from "./operate/job-state.ts";
export { RULES, type Rules } from "./operate/prune.ts";
export { beforeRestore, restored } from "./operate/restored.ts";
export { cancelJob, cancelRun, promoteRun, retryJob } from "./operate/retry-and-cancel.ts";
export { listAttempts } from "./tables/attempts.ts";
export type { Claim, Owner } from "./tables/claim.ts";
export { countBefore, firstIn, type Line, lineOf, nextRetryOf, type Place, runsDue } from "./tables/due.ts";
export {
  type Breaker,
  boundsOf,
  dayOf,
  type GateLimits,
  type GateState,
  limitsOf,
  monthOf,
  nextMonth,
} from "./tables/gate-state.ts";
export { groupPlaceOf, idOfName, NEIGHBOURS, nameOf, placeOf, rangeOfGroup } from "./tables/job-ids.ts";
export type { LaneRule } from "./tables/lanes.ts";
export { getDoc, putDoc } from "./tables/meta.ts";
export { putOutbox } from "./tables/outbox.ts";
export {
  type AutoLimit,
  type Budget,
  type BudgetShare,
  checkedConfig,
  type LimitName,
  type QueueConfig,
} from "./tables/queue-config.ts";
export {
  CANCELLED,
  CANCELLING,
  DEAD,
  errorOf,
  isOpen,
  type LaneCode,
  REFUSED,
  type Row,
  stateCodes,
  WAITING,
} from "./tables/row.ts";
export { ENDED, migrate, withOwn } from "./tables/schema.ts";
export { durableSql, int, intOrNull, type Sql, type SqlRow, type SqlValue, text, textOrNull } from "./tables/sql.ts";
export {
  BUSY_MS,
  IDEMPOTENCY_MS,
  JOB_DEADLINE_MS,
  LEASE_MIN_LEFT_MS,
  LEASE_MS,
  PAUSE_MS,
  PLATFORM_MS,
  RESTORE_HOLD_MS,
  TOKEN_AHEAD_MS,
  UNHEARD_MS,
} from "./times.ts";
export type { QueueEvent } from "./tx/queue-event.ts";
export { FOR_EVER, QueueTx } from "./tx/queue-tx.ts";
export { firstRuns, hasNoSubscribers, orderedBy, type Run, readRuns } from "./tx/runs.ts";
