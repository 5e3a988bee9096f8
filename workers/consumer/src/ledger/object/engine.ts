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
import { slotsTaken } from "../protocol/slots.ts";
import { hookStats, makeHookKey } from "../protocol/webhook-address.ts";
import { audit, listAudit } from "../tables/audit.ts";
import { addToCopy, beginCopy, endCopy, readCopy, schemaVersion } from "../tables/copy.ts";
import { recordDead } from "../tables/dead-messages.ts";
import { idOfName } from "../tables/job-ids.ts";
import { migrate } from "../tables/schema.ts";
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

/** Calls that come close together share what follows them. */
const SHARE_MS = 20;
/** Should the object be evicted before that, the alarm does it. */
const SAFETY_MS = 5_000;
/** Until then the answer has left. */
const RESTART_MS = 200;

const ACTS = {
  retry: (tx: LedgerTx, id: number) => retryJob(tx, id),
  cancel: cancelJob,
  promote: promoteJob,
} as const;

/** What an object of the platform gives its engine; the simulators give a virtual one. */
export interface EngineHost {
  /** The object's one alarm. It rings by calling `Engine.alarm`, never twice at once, and is unset when it rings. */
  storage: AlarmStorage;
  /** Keeps the object alive until this has ended. */
  waitUntil(work: Promise<unknown>): void;
  /** The platform's bookmarks of the database, of the last 30 days; where it keeps none (local runs), undefined. */
  bookmarks?: PlatformBookmarks;
}

interface PlatformBookmarks {
  now(): Promise<string>;
  at(time: number): Promise<string>;
  /** The next instance stands on the bookmark; answers that of now. */
  restoreNext(bookmark: string): Promise<string>;
  restart(): void;
}

/**
 * The Ledger without its Durable Object: every call, what follows from it, and the alarm's work. All memory is this instance's; after an
 * eviction a new one stands on the same database.
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
  /** Something has changed and is not followed yet. */
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

  /** Reads the alarm that is set; before any call. */
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
      const gate = gateView(tx.gateNow, slotsTaken(tx));
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
    return this.#read((tx) => gateView(tx.gateNow, slotsTaken(tx)));
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
    // A run's counts follow its rows at the end of the transaction: they are read in the next.
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
      return gateView(tx.gateNow, slotsTaken(tx));
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
    this.steps.keepHouse(this.#deps.clock.now(), SLICES_MAX);
    // Before the duties, since R2 may keep them long.
    await this.#alarm.load();
    this.#alarm.by(this.#next());
    // Alarms may be lost, again and again: the cron does all that an alarm does, so that nothing waits for one longer than a minute.
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
    if (schema !== this.#read(({ sql }) => schemaVersion(sql))) return false;
    this.#note(({ sql }) => beginCopy(sql), id);
    return true;
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
    // The inbox is the copy's now: the id is noted in it.
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

  /** The alarm has rung. */
  async alarm(): Promise<void> {
    this.#alarm.rang();
    // The platform calls again should this throw or the object die in it; what is due next is set at the end.
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
      // A local run has no bookmarks; elsewhere it is none, or one of too long ago.
      this.#deps.log("ledger.restore_failed", { error: errorText(error) });
      return null;
    }
  }

  /** Writes down what makes nothing due. `id`: of a call that must happen once. */
  #note<T>(work: (tx: LedgerTx) => T, id?: string): T {
    return this.#transactions.write((tx) => once(tx, id, work));
  }

  /** Changes something, and does what follows a change. */
  #change<T>(work: (tx: LedgerTx) => T, id?: string): T {
    const answer = this.#note(work, id);
    this.#follow();
    return answer;
  }

  /** After a change: wake workers, publish and look at Ittybit soon, in the background; the alarm is the safety net. */
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
    // R2 and receivers of events take their time: whatever has changed meanwhile woke nobody.
    if (this.#isChanged) this.#follow();
  }

  /** Keeps the collector's loop going while anything is open. */
  #collect(): void {
    const loop = this.#collector.ring();
    if (loop !== null) this.#host.waitUntil(loop);
  }

  /** A purge that has begun, at once; the alarm goes on with it should this fail. */
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

  /** A metric that fails disturbs nothing, and is counted. */
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

/** A cursor is the seq below which the next page begins. */
function seqOf(cursor: string | null): number {
  const seq = cursor === null ? Number.NaN : Number(cursor);
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : Number.MAX_SAFE_INTEGER;
}
