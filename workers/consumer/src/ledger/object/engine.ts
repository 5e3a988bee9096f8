import { errorText } from "../../platform/log.ts";
import { indexOfSecret } from "../../platform/secret-equality.ts";
import type {
  AcceptChunk,
  ActionView,
  Answering,
  BeforeRestore,
  Bookmarks,
  CausesView,
  ChunkAnswer,
  CopySlice,
  DeadMessage,
  DeadView,
  DeliveryNote,
  DeliveryView,
  ExchangeAnswer,
  ExchangeRequest,
  FinishRequest,
  GatePatch,
  GateView,
  ImageListQuery,
  ImageSummary,
  JobAct,
  JobFilter,
  LedgerCalls,
  NewAction,
  Operators,
  Page,
  RunView,
  SliceAnswer,
  SliceRequest,
  Tier,
} from "../contract.ts";
import { acceptChunk, beginPurge, findDelivery, finishDelivery } from "../protocol/accept-chunk.ts";
import { cancelAction, createAction, getAction, listActions } from "../protocol/actions.ts";
import { cancelRun } from "../protocol/cancel-run.ts";
import { countMatches } from "../protocol/count-matches.ts";
import { noteDeploy } from "../protocol/deployed.ts";
import { testEvent } from "../protocol/events.ts";
import { exchange } from "../protocol/exchange.ts";
import type { LedgerTx } from "../protocol/ledger-tx.ts";
import { answerOf, once } from "../protocol/once.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { doctorDone, doctorFrom, doctorSlice, recountNow } from "../protocol/reconcile.ts";
import { beforeRestore, numberAbove, recover, restored } from "../protocol/restored.ts";
import { cancelJob, promoteJob, retryJob } from "../protocol/retry-and-cancel.ts";
import { sample } from "../protocol/sample.ts";
import { hookStats, makeHookKey } from "../protocol/webhook-address.ts";
import { audit, listAudit } from "../tables/audit.ts";
import { addToCopy, beginCopy, endCopy, readCopy } from "../tables/copy.ts";
import { recordDead } from "../tables/dead-messages.ts";
import { idOfName } from "../tables/job-ids.ts";
import { migrate, schemaVersion } from "../tables/migrate.ts";
import { endSession, isSessionOver } from "../tables/sign-ins.ts";
import type { Sql } from "../tables/sql.ts";
import { causesView } from "../views/causes.ts";
import { deadView } from "../views/dead-groups.ts";
import { listEvents } from "../views/events.ts";
import { gateView, patchGate } from "../views/gate-view.ts";
import { history, ledgerStats } from "../views/history.ts";
import { listImages } from "../views/image-list.ts";
import { listJobs } from "../views/job-list.ts";
import { findJob, imageRows, jobView, statesOf } from "../views/jobs.ts";
import { pulse } from "../views/pulse.ts";
import { listRejected, listRuns, RunSpeeds, runView } from "../views/runs.ts";
import { AlarmClock, type AlarmStorage } from "./alarm-clock.ts";
import { Collector } from "./collector.ts";
import { collectorView } from "./collector-view.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { runDuties, runFollowUps, runPurge, SLICES_MAX } from "./on-alarm.ts";
import { Steps } from "./steps.ts";
import { Transactions } from "./transactions.ts";

/** Calls within this time share one follow-up. */
const SHARE_MS = 20;
/** The alarm does the follow-up if the object is evicted before. */
const SAFETY_MS = 5_000;
/** The answer of the call has left by then. */
const RESTART_MS = 200;

const ACTS = {
  retry: (tx: LedgerTx, id: number) => retryJob(tx, id),
  cancel: cancelJob,
  promote: promoteJob,
} as const;

/** The platform as the engine sees it. The simulators provide a virtual one. */
export interface EngineHost {
  /** The alarm of the object. It fires by calling `Engine.alarm`, never twice at once, and is unset when it fires. */
  storage: AlarmStorage;
  /** Keeps the object in memory until the work has ended. */
  waitUntil(work: Promise<unknown>): void;
  /** The platform's bookmarks of the last 30 days. Undefined in local runs, which keep none. */
  bookmarks?: PlatformBookmarks;
}

interface PlatformBookmarks {
  now(): Promise<string>;
  at(time: number): Promise<string>;
  /** The next instance has the database of the bookmark. Answers the bookmark of now. */
  restoreNext(bookmark: string): Promise<string>;
  restart(): void;
}

/**
 * The ledger without its Durable Object: every call, its follow-up, and the work of the alarm. The memory belongs to
 * this instance; after an eviction a new instance opens the same database.
 */
export class Engine implements Answering<LedgerCalls> {
  readonly steps: Steps;
  readonly #deps: LedgerDeps;
  readonly #host: EngineHost;
  readonly #transactions: Transactions;
  readonly #alarm: AlarmClock;
  readonly #speeds = new RunSpeeds();
  readonly #collector: Collector;
  #following: Promise<void> | null = null;
  /** A change has had no follow-up yet. */
  #isChanged = false;
  #metricErrors = 0;

  constructor(sql: Sql, deps: LedgerDeps, host: EngineHost) {
    const { config, clock, log, ittybit, sleep } = deps;
    migrate(sql, deps.newLedgerId());
    this.#deps = deps;
    this.#host = host;
    this.#transactions = new Transactions(sql, { config, clock });
    this.#alarm = new AlarmClock(host.storage, clock);
    this.steps = new Steps(this.#transactions);
    this.#transactions.write((tx) => noteDeploy(tx, deps.version));
    if (config.ittybit.webhooks === "wake")
      this.#transactions.write((tx) => makeHookKey(tx.sql, this.#transactions.memory, deps.newHookKey));
    this.#collector = new Collector({
      ...{ ittybit, clock, log, sleep, view: collectorView(this.#transactions) },
      report: (found) => {
        if (this.steps.collected(found) > 0) this.#follow();
      },
    });
  }

  /** Reads the alarm that is set. Call it before any other method. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /* ── Handlers ── */

  exchange(request: ExchangeRequest): ExchangeAnswer {
    return this.#change((tx) => exchange(tx, request));
  }

  async pinged(token: string, job: string | null, id?: string): Promise<"taken" | "unknown" | "refused"> {
    const { hookState, pings, heard } = this.#transactions.memory;
    if (hookState === null || (await indexOfSecret(token, [hookState.key])) !== 0) {
      pings.refused += 1;
      return "refused";
    }
    if (job === null || !heard.isNew(id)) return "taken";
    this.#collect();
    const isHeard = this.#collector.ping(job);
    pings[isHeard ? "woke" : "unknown"] += 1;
    return isHeard ? "taken" : "unknown";
  }

  hooked(): Promise<"taken"> {
    return Promise.resolve("taken");
  }

  recordDead(messages: DeadMessage[]): void {
    this.#note((tx) => recordDead(tx, messages));
  }

  noteDeliveries(notes: DeliveryNote[], id?: string): void {
    const { heard, deliveries } = this.#transactions.memory;
    if (heard.isNew(id)) deliveries.add(notes, this.#deps.clock.now());
  }

  listDeliveries(): DeliveryView[] {
    return [...this.#transactions.memory.deliveries.list()];
  }

  /* ── Intake ── */

  acceptChunk(chunk: AcceptChunk): ChunkAnswer {
    return this.#change((tx) => acceptChunk(tx, chunk));
  }

  finishDelivery(request: FinishRequest): "done" | "repeat" | "mismatch" {
    return this.#note((tx) => finishDelivery(tx, request));
  }

  findDelivery(id: string): { run: string; hash: string } | null {
    return this.#read((tx) => findDelivery(tx, id));
  }

  purgeImage(image: string, order: string | null, who: string, id?: string) {
    const begun: PurgeTask[] = [];
    const answer = this.#change((tx) => {
      const task = beginPurge(tx, image, order, who);
      if (task === null) return { status: "outdated" as const, purge: "" };
      begun.push(task);
      return { status: "purging" as const, purge: String(task.purge) };
    }, id);
    for (const task of begun) this.#host.waitUntil(this.#purge(task));
    return answer;
  }

  /* ── What operators see ── */

  lookUp(keys: string[]) {
    return this.#read((tx) => statesOf(tx, keys));
  }

  listRuns(query: Parameters<Operators["listRuns"]>[0]): { runs: RunView[]; next: string | null } {
    return this.#read((tx) => listRuns(tx, query, this.#speeds));
  }

  getRun(id: string): RunView | null {
    return this.#read((tx) => {
      const run = tx.runs.byId(id);
      return run === null ? null : runView(tx, run, this.#speeds);
    });
  }

  listRejected(query: Parameters<Operators["listRejected"]>[0]) {
    return this.#read((tx) => listRejected(tx, query));
  }

  listJobs({ filter, cursor, limit }: Page & { filter: JobFilter }) {
    return this.#read((tx) => listJobs(tx, filter, { cursor, limit }));
  }

  getJob(name: string) {
    return this.#read((tx) => findJob(tx, name));
  }

  listDead(query: Parameters<Operators["listDead"]>[0]): DeadView {
    return this.#read((tx) => deadView(tx, query));
  }

  listCauses(query: Parameters<Operators["listCauses"]>[0]): CausesView {
    return this.#read((tx) => causesView(tx, query));
  }

  listActions({ cursor, limit }: Page): { actions: ActionView[]; next: string | null } {
    return this.#read((tx) => listActions(tx, seqOf(cursor), limit));
  }

  getAction(id: string): ActionView | null {
    return this.#read((tx) => getAction(tx, id));
  }

  listImages(query: ImageListQuery): ImageSummary[] {
    return this.#read((tx) => listImages(tx, query));
  }

  imageRows(id: string, stored: string[]) {
    return this.#read((tx) => imageRows(tx, id, stored));
  }

  stats() {
    return this.#read((tx) => {
      const gate = gateView(tx);
      const { version } = this.#deps;
      return ledgerStats(tx, { metricErrors: this.#metricErrors, gate, version, hooks: hookStats(tx) });
    });
  }

  about() {
    return { version: this.#deps.version };
  }

  history(tier: Tier, from: number, to: number) {
    return this.#read((tx) => history(tx, tier, from, to));
  }

  pulse() {
    return this.#read(pulse);
  }

  getGate(): GateView {
    return this.#read(gateView);
  }

  listEvents(query: Page) {
    return this.#read((tx) => listEvents(tx, query));
  }

  testEvent(who: string, id?: string): number {
    return this.#change((tx) => testEvent(tx, who), id);
  }

  listAudit({ cursor, limit, search = "" }: Page & { search?: string }) {
    return this.#read((tx) => listAudit(tx, { before: seqOf(cursor), limit, search }));
  }

  countMatches(match: JobFilter): { total: number; exact: boolean } {
    return this.#read((tx) => countMatches(tx, match));
  }

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

  retryJob(name: string, who: string, id?: string): JobAct {
    return this.#act("retry", name, who, id);
  }

  promoteJob(name: string, who: string, id?: string): JobAct {
    return this.#act("promote", name, who, id);
  }

  cancelJob(name: string, who: string, id?: string): JobAct {
    return this.#act("cancel", name, who, id);
  }

  createAction(wanted: NewAction, id?: string): ActionView | null {
    const action = `act_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
    return this.#change((tx) => createAction(tx, action, wanted), id);
  }

  cancelAction(id: string, who: string): ActionView | null {
    return this.#change((tx) => cancelAction(tx, id, who));
  }

  patchGate(patch: GatePatch, who: string, id?: string): GateView {
    return this.#change((tx) => {
      const before = patchGate(tx.gateNow, patch, who);
      audit(tx, who, "gate.patch", null, { ...patch, before });
      return gateView(tx);
    }, id);
  }

  isSessionOver(session: string): boolean {
    return this.#read((tx) => isSessionOver(tx, session));
  }

  endSession(session: string, until: number): void {
    this.#note((tx) => endSession(tx, session, until));
  }

  /* ── The doctor ── */

  doctorFrom(): string | null {
    return this.#read(doctorFrom);
  }

  doctorSlice(request: SliceRequest, id?: string): SliceAnswer {
    return this.#change((tx) => doctorSlice(tx, request), id);
  }

  doctorDone(locks: SliceAnswer["locks"]): void {
    this.#change((tx) => doctorDone(tx, locks));
  }

  /* ── The object's own life ── */

  async rearm(): Promise<void> {
    this.#sample();
    const { deliveries } = this.#transactions.memory;
    if (!deliveries.isSaved) this.#note(({ sql }) => deliveries.save(sql));
    this.steps.prune(this.#deps.clock.now(), SLICES_MAX);
    // This comes before the duties, because R2 may delay them.
    await this.#alarm.load();
    this.#alarm.by(this.#next());
    // The platform may lose any number of alarms. The cron does all the work of the alarm, so that no work waits longer
    // than a minute.
    await runDuties(this.steps, this.#deps);
    this.#collect();
    this.#alarm.by(this.#next());
  }

  recover(): void {
    this.#change(recover);
  }

  restored(who: string, how: Record<string, unknown> = {}, before: BeforeRestore | null = null, id?: string): void {
    this.#change((tx) => restored(tx, who, how, before), id);
  }

  exportSlice(cursor: string | null, who: string, id?: string): CopySlice {
    if (cursor === null) this.#note((tx) => audit(tx, who, "ledger.export", null, {}), id);
    return this.#read(({ sql }) => ({ schema: schemaVersion(sql), ...readCopy(sql, cursor) }));
  }

  importBegin(schema: number, id?: string): boolean {
    return this.#note(({ sql }) => beginCopy(sql, schema), id);
  }

  importRows(lines: string[], id?: string): number | null {
    return this.#note(({ sql }) => addToCopy(sql, lines), id);
  }

  importEnd(rows: number, who: string, id?: string): boolean {
    const heard = this.#read((tx) => answerOf<boolean>(tx, id));
    if (heard !== null) return heard.answer;
    const now = this.#deps.clock.now();
    const before = this.#read(beforeRestore);
    const isWhole = this.#transactions.replace((sql) => endCopy(sql, { rows, number: numberAbove(now), now }));
    if (!isWhole) return false;
    // The inbox is the copy's now, so the id is written into it.
    this.#change((tx) => {
      restored(tx, who, { rows }, before);
      return true;
    }, id);
    this.#change(recountNow);
    return true;
  }

  findBookmark(to: { at: number } | { bookmark: string }) {
    const before = this.#read(beforeRestore);
    return this.#byBookmarks(async (keeps) => ({
      bookmark: await bookmarkOf(to, keeps),
      undo: await keeps.now(),
      before,
    }));
  }

  restoreTo(to: { at: number } | { bookmark: string }): Promise<Bookmarks | null> {
    return this.#byBookmarks(async (keeps) => {
      const bookmark = await bookmarkOf(to, keeps);
      const undo = await keeps.restoreNext(bookmark);
      this.#host.waitUntil(this.#deps.sleep(RESTART_MS).then(() => keeps.restart()));
      return { bookmark, undo };
    });
  }

  /** Does the work of the alarm. */
  async alarm(): Promise<void> {
    this.#alarm.rang();
    // The platform repeats the alarm if this throws or the object dies. The end sets the next alarm.
    await runDuties(this.steps, this.#deps);
    this.#collect();
    if (this.#following === null) this.#alarm.at(this.#next());
    else this.#alarm.by(this.#next());
  }

  /* ── Inside ── */

  #read<T>(work: (tx: LedgerTx) => T): T {
    return this.#transactions.read(work);
  }

  async #byBookmarks<T>(work: (keeps: PlatformBookmarks) => Promise<T>): Promise<T | null> {
    const { bookmarks } = this.#host;
    try {
      return bookmarks === undefined ? null : await work(bookmarks);
    } catch (error) {
      // A local run has no bookmarks. On the platform the text is no bookmark, or the bookmark is too old.
      this.#deps.log("ledger.restore_failed", { error: errorText(error) });
      return null;
    }
  }

  /** Runs a change without a follow-up. `id`: of a call that must happen once. */
  #note<T>(work: (tx: LedgerTx) => T, id?: string): T {
    return this.#transactions.write((tx) => once(tx, id, work));
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
    this.#collect();
    this.#isChanged = true;
    this.#following ??= this.#wakeAndPublish();
    this.#host.waitUntil(this.#following);
  }

  async #wakeAndPublish(): Promise<void> {
    await this.#deps.sleep(SHARE_MS);
    this.#isChanged = false;
    await runFollowUps(this.steps, this.#deps);
    this.#following = null;
    this.#alarm.by(this.#next());
    // R2 and the receivers of events take time. Changes meanwhile have woken no worker, so another follow-up runs.
    if (this.#isChanged) this.#follow();
  }

  /** Keeps the collector's loop running while a job is open. */
  #collect(): void {
    const loop = this.#collector.ring();
    if (loop !== null) this.#host.waitUntil(loop);
  }

  /** Runs a new purge at once. The alarm continues it if this fails. */
  async #purge(task: PurgeTask): Promise<void> {
    try {
      await runPurge(this.steps, this.#deps, task);
    } catch (error) {
      this.#deps.log("ledger.purge_failed", { id: task.id, error: errorText(error) });
    }
  }

  #next(): number | null {
    try {
      return this.steps.nextAlarm();
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

  #act(kind: keyof typeof ACTS, name: string, who: string, id: string | undefined): JobAct {
    return this.#change((tx) => {
      const job = idOfName(name);
      const result = job === null ? "missing" : ACTS[kind](tx, job);
      const row = job === null ? null : tx.rows.byId(job);
      if (row === null) return { status: "none" };
      if (result !== "ok") return { status: "state" };
      audit(tx, who, `job.${kind}`, name, { key: row.key });
      return { status: "ok", job: jobView(tx, row) };
    }, id);
  }
}

async function bookmarkOf(to: { at: number } | { bookmark: string }, keeps: PlatformBookmarks): Promise<string> {
  return "bookmark" in to ? to.bookmark : keeps.at(to.at);
}

/** The cursor is the number below which the next page begins. */
function seqOf(cursor: string | null): number {
  const seq = cursor === null ? Number.NaN : Number(cursor);
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : Number.MAX_SAFE_INTEGER;
}
