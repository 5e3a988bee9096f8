import type { HookDelivery } from "@prewarm/control-schema/hooks";
import type { LedgerRestore } from "@prewarm/control-schema/ledger";
import { errorText } from "../../platform/log.ts";
import { indexOfSecret } from "../../platform/secret-equality.ts";
import type {
  ActionView,
  Answering,
  BeforeRestore,
  CopySlice,
  DeliveryNote,
  LedgerCalls,
  NewAction,
  RunView,
} from "../contract.ts";
import type { ExternalJobs } from "../external-jobs.ts";
import { acceptChunk, findDelivery, finishDelivery } from "../protocol/accept-chunk.ts";
import { cancelAction, createAction, getAction } from "../protocol/actions.ts";
import { cancelRun } from "../protocol/cancel-run.ts";
import { countMatches } from "../protocol/count-matches.ts";
import { noteDeploy } from "../protocol/deployed.ts";
import { testEvent } from "../protocol/events.ts";
import { exchange } from "../protocol/exchange.ts";
import type { LedgerTx } from "../protocol/ledger-tx.ts";
import { nextAlarm } from "../protocol/next-alarm.ts";
import { observe } from "../protocol/observe.ts";
import { answerOf, once } from "../protocol/once.ts";
import { purgeImage } from "../protocol/purge.ts";
import { doctorDone, doctorFrom, doctorSlice, recountNow } from "../protocol/reconcile.ts";
import { beforeRestore, numberAbove, recover, restored } from "../protocol/restored.ts";
import { sample } from "../protocol/sample.ts";
import { makeHookKey } from "../protocol/webhook-address.ts";
import { audit } from "../tables/audit.ts";
import { addToCopy, beginCopy, endCopy, readCopy } from "../tables/copy.ts";
import { recordDead } from "../tables/dead-messages.ts";
import { migrate, schemaVersion } from "../tables/migrate.ts";
import { endSession, isSessionOver } from "../tables/sign-ins.ts";
import type { Sql } from "../tables/sql.ts";
import { causesView } from "../views/causes.ts";
import { deadView } from "../views/dead-groups.ts";
import { listEvents } from "../views/events.ts";
import { gateView } from "../views/gate-view.ts";
import { history } from "../views/history.ts";
import { listImages } from "../views/image-list.ts";
import { findJob, imageRows, statesOf } from "../views/jobs.ts";
import { pulse } from "../views/pulse.ts";
import { listRejected, listRuns, RunSpeeds } from "../views/runs.ts";
import { AlarmClock, type AlarmStorage } from "./alarm-clock.ts";
import { findBookmark, type Place, type PlatformBookmarks, restoreTo } from "./bookmarks.ts";
import { actionPage, actOnJob, auditPage, jobPage, patchGate, runById, statsOf } from "./calls.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { prune, runDuties, runFollowUps } from "./on-alarm.ts";
import { openJobsView } from "./open-jobs-view.ts";
import { Transactions } from "./transactions.ts";

/** Calls within this time share one follow-up. */
const SHARE_MS = 20;
/** The alarm does the follow-up if the object is evicted before. */
const SAFETY_MS = 5_000;

/** The platform as the engine sees it. The simulators provide a virtual one. */
export interface EngineHost {
  /** The alarm of the object. It fires by calling `Engine.alarm`, never twice at once, and is unset when it fires. */
  storage: AlarmStorage;
  /** Keeps the object in memory until the work has ended. */
  waitUntil(work: Promise<unknown>): void;
  /** The platform's bookmarks of the last 30 days. Undefined in local runs, which keep none. */
  bookmarks?: PlatformBookmarks;
}

/**
 * The ledger without its Durable Object: every call, its follow-up, and the work of the alarm. The memory belongs to
 * this instance; after an eviction a new instance opens the same database.
 */
export class Engine implements Answering<LedgerCalls> {
  readonly transactions: Transactions;
  readonly #deps: LedgerDeps;
  readonly #host: EngineHost;
  readonly #alarm: AlarmClock;
  readonly #speeds = new RunSpeeds();
  readonly #externalJobs: ExternalJobs;
  #following: Promise<void> | null = null;
  /** A change has had no follow-up yet. */
  #isChanged = false;
  #metricErrors = 0;

  constructor(sql: Sql, deps: LedgerDeps, host: EngineHost) {
    const { config, clock } = deps;
    migrate(sql, deps.newLedgerId());
    this.#deps = deps;
    this.#host = host;
    this.transactions = new Transactions(sql, { config, clock });
    this.#alarm = new AlarmClock(host.storage, clock);
    this.transactions.write((tx) => noteDeploy(tx, deps.version));
    if (config.ittybit.webhooks === "wake")
      this.transactions.write((tx) => makeHookKey(tx.sql, this.transactions.memory, deps.newHookKey));
    this.#externalJobs = deps.watchExternalJobs(openJobsView(this.transactions), (observed) => {
      if (this.transactions.write((tx) => observe(tx, observed)) > 0) this.#follow();
    });
  }

  /** Reads the alarm that is set. Call it before any other method. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /* ── Handlers ── */

  readonly exchange = this.#changes(exchange);

  async pinged(token: string, job: string | null, id?: string): Promise<"taken" | "unknown" | "refused"> {
    const { hookState, pings, heard } = this.transactions.memory;
    if (hookState === null || (await indexOfSecret(token, [hookState.key])) !== 0) {
      pings.refused += 1;
      return "refused";
    }
    if (job === null || !heard.isNew(id)) return "taken";
    this.#watch();
    const isHeard = this.#externalJobs.ping(job);
    pings[isHeard ? "woke" : "unknown"] += 1;
    return isHeard ? "taken" : "unknown";
  }

  hooked(): Promise<"taken"> {
    return Promise.resolve("taken");
  }

  readonly recordDead = this.#notes(recordDead);

  noteDeliveries(notes: DeliveryNote[], id?: string): void {
    const { heard, deliveries } = this.transactions.memory;
    if (heard.isNew(id)) deliveries.add(notes, this.#deps.clock.now());
  }

  listDeliveries(): HookDelivery[] {
    return [...this.transactions.memory.deliveries.list()];
  }

  /* ── Intake ── */

  readonly acceptChunk = this.#changes(acceptChunk);
  readonly finishDelivery = this.#notes(finishDelivery);
  readonly findDelivery = this.#reads(findDelivery);
  readonly purgeImage = this.#changes(purgeImage);

  /* ── What operators see ── */

  readonly lookUp = this.#reads(statesOf);
  readonly listRuns = this.#reads((tx, query: Parameters<LedgerCalls["listRuns"]>[0]) =>
    listRuns(tx, query, this.#speeds),
  );
  readonly getRun = this.#reads((tx, run: string) => runById(tx, run, this.#speeds));
  readonly listRejected = this.#reads(listRejected);
  readonly listJobs = this.#reads(jobPage);
  readonly getJob = this.#reads(findJob);
  readonly listDead = this.#reads(deadView);
  readonly listCauses = this.#reads(causesView);
  readonly listActions = this.#reads(actionPage);
  readonly getAction = this.#reads(getAction);
  readonly listImages = this.#reads(listImages);
  readonly imageRows = this.#reads(imageRows);
  readonly stats = this.#reads((tx) => statsOf(tx, { metricErrors: this.#metricErrors, version: this.#deps.version }));

  about() {
    return { version: this.#deps.version };
  }

  readonly history = this.#reads(history);
  readonly pulse = this.#reads(pulse);
  readonly getGate = this.#reads(gateView);
  readonly listEvents = this.#reads(listEvents);
  readonly testEvent = this.#changes(testEvent);
  readonly listAudit = this.#reads(auditPage);
  readonly countMatches = this.#reads(countMatches);

  /* ── What operators do ── */

  cancelRun(run: string, who: string, id?: string): RunView | null {
    const found = this.#change((tx) => {
      const known = cancelRun(tx, run);
      if (known) audit(tx, who, "run.cancel", run, {});
      return known;
    }, id);
    // The end of the transaction updates the counts of the run, so the next transaction reads them.
    return found ? this.getRun(run) : null;
  }

  readonly retryJob = this.#changes(actOnJob("retry"));
  readonly promoteJob = this.#changes(actOnJob("promote"));
  readonly cancelJob = this.#changes(actOnJob("cancel"));

  createAction(wanted: NewAction, id?: string): ActionView | null {
    const action = `act_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
    return this.#change((tx) => createAction(tx, action, wanted), id);
  }

  readonly cancelAction = this.#changes(cancelAction);
  readonly patchGate = this.#changes(patchGate);
  readonly isSessionOver = this.#reads(isSessionOver);
  readonly endSession = this.#notes(endSession);

  /* ── The doctor ── */

  readonly doctorFrom = this.#reads(doctorFrom);
  readonly doctorSlice = this.#changes(doctorSlice);
  readonly doctorDone = this.#changes(doctorDone);

  /* ── The object's own life ── */

  async rearm(): Promise<void> {
    this.#sample();
    const { deliveries } = this.transactions.memory;
    if (!deliveries.isSaved) this.#note(({ sql }) => deliveries.save(sql));
    prune(this.transactions, this.#deps);
    // This comes before the duties, because R2 may delay them.
    await this.#alarm.load();
    this.#alarm.by(this.#next());
    // The platform may lose any number of alarms. The cron does all the work of the alarm, so that no work waits longer
    // than a minute.
    await runDuties(this.transactions, this.#deps);
    this.#watch();
    this.#alarm.by(this.#next());
  }

  readonly recover = this.#changes(recover);

  restored(who: string, how: Record<string, unknown> = {}, before: BeforeRestore | null = null, id?: string): void {
    this.#change((tx) => restored(tx, who, how, before), id);
  }

  exportSlice(cursor: string | null, who: string, id?: string): CopySlice {
    if (cursor === null) this.#note((tx) => audit(tx, who, "ledger.export", null, {}), id);
    return this.transactions.read(({ sql }) => ({ schema: schemaVersion(sql), ...readCopy(sql, cursor) }));
  }

  readonly importBegin = this.#notes(({ sql }, schema: number) => beginCopy(sql, schema));
  readonly importRows = this.#notes(({ sql }, lines: string[]) => addToCopy(sql, lines));

  importEnd(rows: number, who: string, id?: string): boolean {
    const heard = this.transactions.read((tx) => answerOf<boolean>(tx, id));
    if (heard !== null) return heard.answer;
    const now = this.#deps.clock.now();
    const before = this.transactions.read(beforeRestore);
    const isWhole = this.transactions.replace((sql) => endCopy(sql, { rows, number: numberAbove(now) }));
    if (!isWhole) return false;
    // The inbox is the copy's now, so the id is written into it.
    this.#change((tx) => {
      restored(tx, who, { rows }, before);
      return true;
    }, id);
    this.#change(recountNow);
    return true;
  }

  async findBookmark(to: Place) {
    const before = this.transactions.read(beforeRestore);
    const found = await findBookmark(this.#host.bookmarks, to, this.#deps);
    return found === null ? null : { ...found, before };
  }

  restoreTo(to: Place): Promise<LedgerRestore | null> {
    return restoreTo(this.#host, to, this.#deps);
  }

  /** Does the work of the alarm. */
  async alarm(): Promise<void> {
    this.#alarm.rang();
    // The platform repeats the alarm if this throws or the object dies. The end sets the next alarm.
    await runDuties(this.transactions, this.#deps);
    this.#watch();
    if (this.#following === null) this.#alarm.at(this.#next());
    else this.#alarm.by(this.#next());
  }

  /* ── Inside ── */

  /** A call that is one read. */
  #reads<A extends unknown[], T>(work: (tx: LedgerTx, ...args: A) => T): (...args: A) => T {
    return (...args) => this.transactions.read((tx) => work(tx, ...args));
  }

  /** A call that is one change without a follow-up. */
  #notes<A extends unknown[], T>(work: (tx: LedgerTx, ...args: A) => T): (...args: [...A, id?: string]) => T {
    return withId(work, (change, id) => this.#note(change, id));
  }

  /** A call that is one change with its follow-up. */
  #changes<A extends unknown[], T>(work: (tx: LedgerTx, ...args: A) => T): (...args: [...A, id?: string]) => T {
    return withId(work, (change, id) => this.#change(change, id));
  }

  /** Runs a change without a follow-up. `id`: of a call that must happen once. */
  #note<T>(work: (tx: LedgerTx) => T, id?: string): T {
    return this.transactions.write((tx) => once(tx, id, work));
  }

  /** Runs a change with its follow-up. */
  #change<T>(work: (tx: LedgerTx) => T, id?: string): T {
    const answer = this.#note(work, id);
    this.#follow();
    return answer;
  }

  /**
   * Schedules the follow-up of a change in the background: wake workers, publish, look at Ittybit. The alarm repeats a
   * follow-up that is lost.
   */
  #follow(): void {
    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);
    this.#watch();
    this.#isChanged = true;
    this.#following ??= this.#wakeAndPublish();
    this.#host.waitUntil(this.#following);
  }

  async #wakeAndPublish(): Promise<void> {
    await this.#deps.sleep(SHARE_MS);
    this.#isChanged = false;
    await runFollowUps(this.transactions, this.#deps);
    this.#following = null;
    this.#alarm.by(this.#next());
    // R2 and the receivers of events take time. Changes meanwhile have woken no worker, so another follow-up runs.
    if (this.#isChanged) this.#follow();
  }

  /** Keeps the poller running while a job is open. */
  #watch(): void {
    const loop = this.#externalJobs.keepRunning();
    if (loop !== null) this.#host.waitUntil(loop);
  }

  #next(): number | null {
    try {
      return this.transactions.read(nextAlarm);
    } catch (error) {
      this.#deps.log("ledger.duty_failed", { duty: "next alarm", error: errorText(error) });
      return this.#deps.clock.now() + SAFETY_MS;
    }
  }

  /** Counts a metric that fails, and lets the work continue. */
  #sample(): void {
    try {
      this.#note(sample);
    } catch {
      this.#metricErrors += 1;
    }
  }
}

/** The client's id, if the call has one, stands behind its arguments, none of which is optional. */
function withId<A extends unknown[], T>(
  work: (tx: LedgerTx, ...args: A) => T,
  run: (change: (tx: LedgerTx) => T, id: string | undefined) => T,
): (...args: [...A, id?: string]) => T {
  const count = work.length - 1;
  return (...args) => run((tx) => work(tx, ...(args.slice(0, count) as A)), args[count] as string | undefined);
}
