import type { ExternalJob } from "../external-jobs.ts";
import type { JobKey } from "../job-key.ts";
import { addCount, addUse, type Count, type Counters, listCounts, usedIn } from "../memory/counters.ts";
import type { Gate } from "../memory/gate-memory.ts";
import type { Memory } from "../memory/memory.ts";
import { type AttemptRow, insertAttempts } from "../tables/attempts.ts";
import { firstIn } from "../tables/due.ts";
import type { GateState } from "../tables/gate-state.ts";
import type { LaneRule } from "../tables/lanes.ts";
import type { Budget, QueueConfig } from "../tables/queue-config.ts";
import {
  countedAs,
  isFailed,
  isWaiting,
  type LaneCode,
  newRow,
  type Row,
  STORED,
  type StateCode,
} from "../tables/row.ts";
import type { Sql } from "../tables/sql.ts";
import type { QueueEvent } from "./queue-event.ts";
import { type Change, Rows } from "./rows.ts";
import { Runs } from "./runs.ts";

/** What a transaction is opened with, beside its tables. */
export interface TxContext {
  config: QueueConfig;
  /** Unix ms. */
  now: number;
  random: () => number;
  memory: Memory;
}

/** The end of a lock or a hold that has none. */
export const FOR_EVER = Number.POSITIVE_INFINITY;

/**
 * The unit of work of one RPC, over the tables and the memory of this instance. Rows are loaded once, changed in memory
 * by plain functions, and written back together. So the counts, the gate and each run cost at most one row per RPC.
 * Everything runs in one transaction.
 *
 * The user of the queue extends it by what it knows of groups and of the service; each method of the last part has the
 * answer of a queue without such knowledge.
 */
export class QueueTx {
  readonly sql: Sql;
  readonly config: QueueConfig;
  readonly now: number;
  readonly random: () => number;
  readonly memory: Memory;
  readonly rows: Rows;
  readonly runs: Runs;
  readonly queueId: string;
  readonly #moved: Counters = { jobs: {}, used: {} };
  readonly #attempts: AttemptRow[] = [];
  #isGateAsked = false;

  constructor(sql: Sql, { config, now, random, memory }: TxContext) {
    this.sql = sql;
    this.config = config;
    this.now = now;
    this.random = random;
    this.memory = memory;
    this.queueId = memory.meta.queueId;
    this.rows = new Rows(sql, this.queueId);
    this.runs = new Runs(sql, now);
  }

  /** The next number; generations and fences share one sequence and none is used twice. */
  next(): number {
    return this.memory.numbers.next(this.sql, this.now);
  }

  /** The gate's document; changes to it are saved at commit. */
  get gate(): GateState {
    this.#isGateAsked = true;
    return this.memory.gateDoc.state;
  }

  /** The gate as the argument of its rules. */
  get gateNow(): Gate {
    const { gate: state, config, budget, now, random, memory, service } = this;
    const use = { of: (period: string) => this.used(period), add: this.addUsed.bind(this) };
    return { state, memory: memory.gate, use, config, budget, service, now, random };
  }

  get lanes(): readonly LaneRule[] {
    return this.config.lanes;
  }

  /** Jobs are due up to this time, Unix ms. A clock that goes back does not put off jobs that were accepted before. */
  get dueBy(): number {
    return this.memory.latest;
  }

  /**
   * When the first job of a lane that has no slot is due, Unix ms, with the jobs of this transaction. A handler may hold
   * it. Null: the lane has none.
   */
  readyAt(lane: LaneCode): number | null {
    const { claims } = this.memory;
    const waits = (id: number): boolean => claims.byJob(id)?.state !== "admitted";
    const first = firstIn(this.sql, lane, claims.held().length + 1).find(({ id }) => waits(id));
    let at = first?.due ?? FOR_EVER;
    for (const { after } of this.rows.changes())
      if (after?.lane === lane && after.due !== null && waits(after.id)) at = Math.min(at, after.due);
    return at === FOR_EVER ? null : at;
  }

  /** The counts at the beginning of this transaction. */
  get #counters(): Counters {
    return this.memory.counters.state;
  }

  /** Jobs by counted state and lane at the beginning of this transaction. */
  get counts(): Count[] {
    return listCounts(this.#counters.jobs);
  }

  /** Waiting jobs of a lane, with the changes of this transaction. */
  waiting(lane: LaneCode): number {
    const counted = (one: { state: StateCode; lane: LaneCode } | null): number =>
      one !== null && one.lane === lane && isWaiting(one) ? 1 : 0;
    let n = this.counts.reduce((sum, count) => sum + count.n * counted(count), 0);
    for (const { before, after } of this.rows.changes())
      n += counted(after && { state: countedAs(after), lane: after.lane }) - counted(before);
    return n;
  }

  /** Jobs admitted in a month (UTC, `2026-11`) or on a day (`2026-11-25`), by lane, with this transaction. */
  used(period: string): Record<string, number> {
    const sum = usedIn(this.#counters.used, period);
    for (const [lane, n] of Object.entries(usedIn(this.#moved.used, period))) sum[lane] = (sum[lane] ?? 0) + n;
    return sum;
  }

  /** Counts `n` admissions of a day and lane. Negative: the admissions made no job. */
  addUsed(lane: string, day: string, n: number): void {
    addUse(this.#moved.used, day, lane, n);
  }

  /** Adds a row. Load its key before. */
  insert({ group, part }: JobKey, lane: LaneCode): Row {
    const row = this.rows.add({ group, part }, (id) => newRow({ id, group, part }, this.next(), lane, this.now));
    row.created = this.orderedAt(this.now);
    return row;
  }

  addAttempt(attempt: AttemptRow): void {
    this.#attempts.push(attempt);
  }

  /** Corrects a count. */
  addCount(state: StateCode, lane: LaneCode, n: number): void {
    addCount(this.#moved.jobs, state, lane, n);
  }

  commit(): void {
    for (const change of this.rows.changes()) this.#move(change);
    this.rows.flush(this.now);
    insertAttempts(this.sql, this.#attempts);
    this.runs.flush();
    this.memory.counters.add(this.sql, this.#moved);
    this.memory.claims.flush(this.sql);
    if (this.#isGateAsked) this.memory.gateDoc.flush(this.sql);
  }

  /* ── What the user of the queue knows ── */

  /**
   * Called in the transaction in which something happens to a job. The writes of this method commit or roll back with
   * that transaction. `row`: the job, or of `refunded` and `wasted` the job as it was admitted. Null: the event is about
   * no job, or the job's row is gone.
   */
  onEvent(_event: QueueEvent, _row: Row | null): void {}

  /** The budget that counts now. Null: unlimited. */
  get budget(): Budget | null {
    return this.config.gate.budget;
  }

  /** How long a dead job should not be ordered again, in ms. The queue only notes it (`Row.deadUntil`). */
  restMs(_permanent: boolean): number {
    return 0;
  }

  /** The name of the service that makes the jobs, as sentences have it. */
  get service(): string {
    return "The service";
  }

  /** Whether another service makes the jobs, so that handlers or the poller report an id of each. */
  get hasExternalJobs(): boolean {
    return false;
  }

  /** Reads what the next two methods need of these groups, in one statement. */
  loadGroups(_groups: readonly string[]): void {}

  /** The fence of a job: results of a lower generation do not count. */
  fenceOf(_key: JobKey): number {
    return 0;
  }

  /** No job of the group is handed out before this time, Unix ms. `FOR_EVER`: its jobs are cancelled. */
  lockedUntil(_group: string): number {
    return 0;
  }

  /** The server that the inputs of a group come from, by a name that people know. Null: not known. */
  originOf(_group: string): string | null {
    return null;
  }

  /** The key of an external job, which its maker has put into its metadata. Null: it says none. */
  keyOfExternal(_metadata: ExternalJob["metadata"]): JobKey | null {
    return null;
  }

  /** A handler has stored a result of a job that was deleted or has moved on. `id`, `gen`: of the job. */
  storedTooLate(_id: number, _gen: number): void {}

  /** When a job counts as ordered that is ordered at a time, both Unix ms. */
  orderedAt(at: number): number {
    return at;
  }

  /** A job has failed, or one that has failed has changed or gone. Called at the commit, before the row is written. */
  failed(_row: Row): void {}

  /* ── Inside ── */

  #move({ before, after, row, deletedAs }: Change): void {
    const to = after === null ? deletedAs : countedAs(after);
    // Of deleted rows only stored ones stay in the counts.
    const counted = after === null && to !== STORED ? null : to;
    if (changesFailures(before, row, counted)) this.failed(row);
    if (before?.state !== counted || before?.lane !== row.lane) {
      if (before !== null) addCount(this.#moved.jobs, before.state, before.lane, -1);
      if (counted !== null) addCount(this.#moved.jobs, counted, row.lane, 1);
    }
    this.#moveRuns(before, row, to);
  }

  /**
   * A row that moves to another run stays counted in the old run with its last state. A forgotten row stays counted
   * with its ended state.
   */
  #moveRuns(before: Change["before"], row: Row, to: number | null): void {
    if (before === null || before.run !== row.run) {
      if (to !== null) this.runs.move(row.run, null, to);
      return;
    }
    if (to === null || before.state === to) return;
    for (const run of this.runs.subscribersOf(row)) this.runs.move(run, before.state, to);
  }
}

/** Whether a job has failed, or one that had failed has changed or gone. `counted`: null when it is not counted now. */
function changesFailures(before: Change["before"], row: Row, counted: StateCode | null): boolean {
  if (![before?.state, counted].some(isFailed)) return false;
  if (before === null || before.state !== counted) return true;
  return before.lane !== row.lane || before.attempts !== row.attempts || before.error !== row.error;
}
