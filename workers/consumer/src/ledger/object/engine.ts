import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { errorText } from "../../platform/log.ts";
import type {
  AcceptChunk,
  ActionView,
  Answering,
  ChunkAnswer,
  ClaimAnswer,
  DeadMessage,
  DeadView,
  FinishRequest,
  GatePatch,
  GateView,
  JobAct,
  JobFilter,
  LedgerCalls,
  NamedJob,
  NewAction,
  Operators,
  Outcome,
  Page,
  RunView,
  Settled,
  SliceAnswer,
  SliceRequest,
  Submitted,
  Tier,
  WakeUpKeys,
} from "../contract.ts";
import { acceptChunk, beginPurge, findDelivery, finishDelivery } from "../protocol/accept-chunk.ts";
import { cancelAction, createAction, getAction, listActions } from "../protocol/actions.ts";
import { cancelRun } from "../protocol/cancel-run.ts";
import { claim } from "../protocol/claim.ts";
import { countMatches } from "../protocol/count-matches.ts";
import { findRows } from "../protocol/find-rows.ts";
import { type GateMemory, gateOf, newGateMemory } from "../protocol/gate-memory.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { doctorDone, doctorFrom, doctorSlice } from "../protocol/reconcile.ts";
import { cancelKey, retryKey } from "../protocol/retry-and-cancel.ts";
import { sample } from "../protocol/sample.ts";
import { SeenJobs } from "../protocol/seen-jobs.ts";
import { SendWindow } from "../protocol/send-window.ts";
import { settle } from "../protocol/settle.ts";
import { slotsUsed } from "../protocol/slots.ts";
import { submitted } from "../protocol/submitted.ts";
import { recover } from "../protocol/sweep.ts";
import { audit, listAudit } from "../tables/audit.ts";
import { recordDead } from "../tables/dead-messages.ts";
import { Names } from "../tables/job-names.ts";
import { stateName } from "../tables/row.ts";
import { migrate } from "../tables/schema.ts";
import { endSession, isSessionOver } from "../tables/sign-ins.ts";
import type { Sql } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";
import { deadView } from "../views/dead-groups.ts";
import { gateView, patchGate } from "../views/gate-view.ts";
import { history, ledgerStats } from "../views/history.ts";
import { listRuns, RunSpeeds, runView } from "../views/runs.ts";
import { attemptsOf, imageRows, jobView } from "../views/views.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { newDutyState, runDuties, runOutbox, runPurge } from "./on-alarm.ts";
import { sendDue } from "./send-due.ts";
import { Steps } from "./steps.ts";
import { Transactions } from "./transactions.ts";

/** Calls that come close together share one dispatch. */
const SHARE_MS = 20;
/** Should the object be evicted before it could dispatch, the alarm does. */
const SAFETY_MS = 5_000;
/** A claim's lease ends by then, and somebody must look. */
const CLAIM_LOOK_MS = 60_000;
/** While the alarm works, this is when it rings again whatever happens. */
const REARM_MS = 30_000;

/** What an object of the platform gives its engine; the simulators give a virtual one. */
export interface EngineHost {
  /** The object's one alarm. It rings by calling `Engine.alarm`, never twice at once, and is unset when it rings. */
  storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  /** Keeps the object alive until this has ended. */
  waitUntil(work: Promise<unknown>): void;
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
  readonly #names: Names;
  readonly #speeds = new RunSpeeds();
  readonly #window = new SendWindow();
  readonly #seen = new SeenJobs();
  readonly #duties = newDutyState();
  readonly #gate: GateMemory;
  #following: Promise<void> | null = null;
  #metricErrors = 0;

  constructor(sql: Sql, deps: LedgerDeps, host: EngineHost) {
    const { config, clock } = deps;
    migrate(sql, { now: clock.now(), ledgerId: deps.newLedgerId() });
    this.#deps = deps;
    this.#host = host;
    this.#transactions = new Transactions(sql, { config, clock });
    this.#alarm = new AlarmClock(host.storage);
    this.#names = new Names(sql);
    this.#gate = newGateMemory(clock.now());
    this.steps = new Steps(this.#transactions, { window: this.#window, seen: this.#seen, gate: this.#gate });
  }

  /** Reads the alarm that is set; before any call. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /* ── Handlers ── */

  claim(owner: string, wakeUps: WakeUpKeys[]): ClaimAnswer {
    const answer = this.#note((tx) => claim(tx, owner, wakeUps));
    this.#window.landed(Object.keys(answer.claims));
    for (const one of Object.values(answer.claims)) {
      const seen = one.do === "resume" ? this.#seen.get(one.ittybitJob) : null;
      if (one.do === "resume" && seen !== null) one.seen = seen;
    }
    this.#alarm.by(this.#deps.clock.now() + CLAIM_LOOK_MS);
    return answer;
  }

  renew(owner: string): "ok" | "lost" {
    return this.#note((tx) => (tx.leases.renew(owner, tx.now) ? "ok" : "lost"));
  }

  submitted(owner: string, jobs: Submitted[]): Record<string, "go" | "stop"> {
    return this.#note((tx) => submitted(tx, owner, jobs));
  }

  settle(owner: string, outcomes: Record<string, Outcome>): Record<string, Settled> {
    return this.#change((tx) => settle(tx, owner, outcomes));
  }

  observeEnded(jobs: string[]): void {
    if (this.steps.observeEnded(jobs) > 0) this.#follow();
  }

  recordDead(messages: DeadMessage[]): void {
    this.#note((tx) => recordDead(tx, messages));
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

  purgeImage(id: string, order: string | null, who: string): { status: "purging" | "outdated"; purge: string } {
    const task = this.#change((tx) => beginPurge(tx, id, order, who));
    if (task === null) return { status: "outdated", purge: "" };
    this.#host.waitUntil(this.#purge(task));
    return { status: "purging", purge: String(task.purge) };
  }

  /* ── What operators see ── */

  lookUp(keys: string[]) {
    return this.#read((tx) => Object.fromEntries(tx.rows.loadKeys(keys).map((row) => [row.key, stateName(row.state)])));
  }

  listRuns(query: Parameters<Operators["listRuns"]>[0]): { runs: RunView[]; next: string | null } {
    return this.#read((tx) => {
      const { runs, next } = listRuns(tx, query);
      return { runs: runs.map((run) => runView(tx, run, this.#speeds)), next };
    });
  }

  getRun(id: string): RunView | null {
    return this.#read((tx) => {
      const run = tx.runs.byId(id);
      return run === null ? null : runView(tx, run, this.#speeds);
    });
  }

  async listJobs({ filter, cursor, limit }: Page & { filter: JobFilter }) {
    const keys = await this.#keysOf(filter);
    const found = this.#read((tx) => {
      const { rows, next } = findRows(tx, filter, seqOf(cursor), limit, keys);
      return { views: rows.map((row) => jobView(tx, row)), next };
    });
    return { jobs: await this.#names.name(found.views), next: found.next === null ? null : String(found.next) };
  }

  async getJob(name: string) {
    const key = await this.#keyOf(name);
    return this.#read((tx) => {
      const job = key === null ? null : namedJob(tx, name, key);
      if (job === null) return null;
      return { job, attempts: attemptsOf(tx, job.key), sourceEtag: tx.images.get(encodedIdOfKey(job.key)).sourceEtag };
    });
  }

  async listDead({ fingerprint, lanes, cursor, limit }: Parameters<Operators["listDead"]>[0]): Promise<DeadView> {
    const found = this.#read((tx) => deadView(tx, { fingerprint, lanes, before: seqOf(cursor), limit }));
    const samples = await this.#names.name(found.groups.map(({ sample }) => sample));
    const groups = found.groups.flatMap((group, at) => {
      const named = samples[at];
      return named === undefined ? [] : [{ ...group, sample: named }];
    });
    return { ...found, groups, jobs: await this.#names.name(found.jobs) };
  }

  listActions({ cursor, limit }: Page): { actions: ActionView[]; next: string | null } {
    return this.#read((tx) => listActions(tx, seqOf(cursor), limit));
  }

  getAction(id: string): ActionView | null {
    return this.#read((tx) => getAction(tx, id));
  }

  async imageRows(id: string) {
    const { rows, ...image } = this.#read((tx) => imageRows(tx, id));
    return { rows: await this.#names.name(rows), ...image };
  }

  stats() {
    return this.#read((tx) => ledgerStats(tx, this.#metricErrors, this.#gateView(tx)));
  }

  history(tier: Tier, from: number, to: number) {
    return this.#read((tx) => history(tx, tier, from, to));
  }

  getGate(): GateView {
    return this.#read((tx) => this.#gateView(tx));
  }

  #gateView(tx: Tx): GateView {
    return gateView(gateOf(tx, this.#gate), slotsUsed(tx));
  }

  listAudit({ cursor, limit }: Page) {
    return this.#read((tx) => listAudit(tx, seqOf(cursor), limit));
  }

  async countMatches(match: JobFilter): Promise<{ total: number; exact: boolean }> {
    const keys = await this.#keysOf(match);
    return this.#read((tx) => countMatches(tx, match, keys));
  }

  /* ── What operators do ── */

  cancelRun(id: string, who: string): RunView | null {
    const found = this.#change((tx) => {
      const known = cancelRun(tx, id);
      if (known) audit(tx, who, "run.cancel", id, {});
      return known;
    });
    // A run's counts follow its rows at the end of the transaction: they are read in the next.
    return found ? this.getRun(id) : null;
  }

  retryJob(name: string, who: string): Promise<JobAct> {
    return this.#act(name, who, "retry");
  }

  cancelJob(name: string, who: string): Promise<JobAct> {
    return this.#act(name, who, "cancel");
  }

  async createAction(wanted: NewAction): Promise<ActionView | null> {
    const keys = await this.#keysOf(wanted.match);
    const id = `act_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
    return this.#change((tx) => createAction(tx, id, wanted, keys));
  }

  cancelAction(id: string, who: string): ActionView | null {
    return this.#change((tx) => cancelAction(tx, id, who));
  }

  patchGate(patch: GatePatch, who: string): GateView {
    return this.#change((tx) => {
      patchGate(gateOf(tx, this.#gate), patch);
      audit(tx, who, "gate.patch", null, { ...patch });
      return this.#gateView(tx);
    });
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

  doctorSlice(request: SliceRequest): SliceAnswer {
    return this.#change((tx) => doctorSlice(tx, request));
  }

  doctorDone(locks: SliceAnswer["locks"]): void {
    this.#change((tx) => doctorDone(tx, locks));
  }

  /* ── The object's own life ── */

  async rearm(): Promise<void> {
    this.#sample();
    await this.#alarm.load();
    this.#alarm.by(this.#next());
  }

  recover(): void {
    this.#change(recover);
    this.#window.clear();
  }

  /** The alarm has rung. */
  async alarm(): Promise<void> {
    const now = this.#deps.clock.now();
    this.#alarm.rang();
    // First: whatever happens below, it rings again.
    this.#alarm.by(Math.min(now + REARM_MS, Math.max(now + 1_000, this.#next())));
    await runDuties(this.steps, this.#deps, this.#duties);
    // The safety is not needed any more, but for what follows a change just now.
    if (this.#following === null) this.#alarm.at(this.#next());
    else this.#alarm.by(this.#next());
  }

  /* ── Inside ── */

  #read<T>(work: (tx: Tx) => T): T {
    return this.#transactions.read(work);
  }

  /** Writes down what makes nothing due. */
  #note<T>(work: (tx: Tx) => T): T {
    return this.#transactions.write(work);
  }

  /** Changes something, and does what follows a change. */
  #change<T>(work: (tx: Tx) => T): T {
    const answer = this.#transactions.write(work);
    this.#follow();
    return answer;
  }

  /** After a change: dispatch and publish soon, in the background; the alarm is the safety net. */
  #follow(): void {
    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);
    this.#following ??= this.#sendAndPublish().finally(() => {
      this.#following = null;
    });
    this.#host.waitUntil(this.#following);
  }

  async #sendAndPublish(): Promise<void> {
    try {
      await this.#deps.sleep(SHARE_MS);
      await sendDue(this.steps, this.#deps);
      await runOutbox(this.steps, this.#deps);
      this.#alarm.by(this.#next());
    } catch (error) {
      this.#deps.log("ledger.duty_failed", { duty: "what follows a change", error: errorText(error) });
    }
  }

  /** A purge that has begun, at once; the alarm goes on with it should this fail. */
  async #purge(task: PurgeTask): Promise<void> {
    try {
      await runPurge(this.steps, this.#deps, task);
    } catch (error) {
      this.#deps.log("ledger.purge_failed", { id: task.id, error: errorText(error) });
    }
  }

  #next(): number {
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

  async #keysOf({ jobs }: JobFilter): Promise<string[] | null> {
    return jobs === null ? null : [...(await this.#names.keysOf(jobs)).values()];
  }

  async #keyOf(name: string): Promise<string | null> {
    return (await this.#names.keysOf([name])).get(name) ?? null;
  }

  async #act(name: string, who: string, kind: "retry" | "cancel"): Promise<JobAct> {
    const key = await this.#keyOf(name);
    if (key === null) return { status: "none" };
    return this.#change((tx) => {
      const result = (kind === "retry" ? retryKey : cancelKey)(tx, key);
      const job = namedJob(tx, name, key);
      if (job === null) return { status: "none" };
      if (result !== "ok") return { status: "state" };
      audit(tx, who, `job.${kind}`, name, { key });
      return { status: "ok", job };
    });
  }
}

function namedJob(tx: Tx, name: string, key: string): NamedJob | null {
  const row = tx.rows.loadKeys([key])[0];
  return row === undefined ? null : { ...jobView(tx, row), job: name };
}

/** A cursor is the seq below which the next page begins. */
function seqOf(cursor: string | null): number {
  const seq = cursor === null ? Number.NaN : Number(cursor);
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : Number.MAX_SAFE_INTEGER;
}
