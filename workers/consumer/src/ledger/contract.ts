import type { Action } from "@prewarm/control-schema/actions";
import type { AuditEntry } from "@prewarm/control-schema/audit";
import type { Cause, Causes, UnreadableMessage } from "@prewarm/control-schema/causes";
import type { CostRow, CostSort, Costs, Dimension } from "@prewarm/control-schema/costs";
import type { CoverageReport, ReportedCoverage } from "@prewarm/control-schema/coverage";
import type { DoctorWalk } from "@prewarm/control-schema/doctor";
import type { EventDelivery } from "@prewarm/control-schema/events";
import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import type { HistoryBucket, Tier } from "@prewarm/control-schema/history";
import type { HookDelivery } from "@prewarm/control-schema/hooks";
import type { ImageAction } from "@prewarm/control-schema/image-actions";
import type { ImageSummary } from "@prewarm/control-schema/images";
import type { Attempt, Job, JobDetail } from "@prewarm/control-schema/jobs";
import type { LedgerRestore } from "@prewarm/control-schema/ledger";
import type { Pace } from "@prewarm/control-schema/pace";
import type { Run } from "@prewarm/control-schema/runs";
import type { Stats } from "@prewarm/control-schema/stats";
import type { Rejection } from "@prewarm/control-schema/warm";
import type { CodeVersion, LaneTimes } from "@prewarm/control-schema/words";
import type * as queue from "@prewarm/durable-queue";
import type { Page } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import type { JobState, Lane } from "@prewarm/shared/job";
import type { AuditQuery, FinishRequest, JobFilter, NewAction, TooMany } from "../console/calls.ts";
import type {
  AcceptAnswer,
  AcceptChunk,
  Announced,
  AnsweredMisses,
  BeforeRestore,
  ImageActionAnswer,
  ImageActionAsk,
  MissAsk,
  OpaquePng,
  SliceAnswer,
  SliceRequest,
  Staging,
  VariantOutcome,
} from "../images/calls.ts";
import type { PurgeRecord } from "../images/purge-record.ts";
import type { RemovalView } from "../images/removal-record.ts";

/*
 * Everything that crosses the Ledger's RPC: what handlers ask (`Handlers`), what the edge asks (`Edges`), what the control API, the hooks, the uploads queue and the
 * doctor ask (`Operators`), and what is answered. Times are Unix ms, keys are variant keys. A call is one SQLite transaction. A caller
 * that gets no answer makes the same call again, and the repeat changes nothing (`LEDGER_CALLS`); of a handler's call it renews the
 * lease (docs/internals/queue.md, I9). What operators see has its types in packages/control-schema.
 */

/* ── What handlers ask ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface Handlers {
  /**
   * Everything that a handler says and asks, in one call: what became of its jobs, what it asks for, what it may do next. A repeated
   * call changes nothing but the lease, which is renewed to LEASE_MS, counted by the handler from before the call.
   */
  exchange(request: ExchangeRequest): Promise<ExchangeAnswer>;
  recordDead(messages: UnreadableMessage[]): Promise<void>;
}

export interface ExchangeRequest extends Omit<queue.ExchangeRequest, "settled"> {
  settled: { id: number; gen: number; outcome: VariantOutcome }[];
  /** Variants that viewers missed. */
  asks: MissAsk[];
  /** To be made again as JPEGs. Default: none. */
  opaquePngs?: OpaquePng[];
}

/**
 * By the job's number: what crops are to show (`focals`), of jobs of the version that was announced last the number of that announcement
 * (`announced`), and the bytes that jobs are made from (`staging`).
 */
export type ExchangeAnswer = queue.ExchangeAnswer<
  AnsweredMisses & {
    focals?: Record<number, Focal>;
    announced?: Record<number, number>;
    staging?: Record<number, Staging>;
  }
>;

/* ── What the control API, the hooks, the uploads queue and the doctor ask ─────────────────────────────────────────────────────── */

/** `who` names the person or machine for the audit log and is written in the same transaction as what it did. */
export interface Operators {
  /** `note`: of a chunk with `finish`; the numbers of the answer are added to it. */
  acceptChunk(chunk: AcceptChunk & Noted): Promise<AcceptAnswer>;
  /** Marks a delivery complete: the run leaves `accepting`. `repeat`: it was complete before; `mismatch`: with another hash. */
  finishDelivery(request: FinishRequest & Noted): Promise<"done" | "repeat" | "mismatch">;
  /** What came of a delivery that was completed; null for any other. */
  findDelivery(id: string): Promise<{ run: string; hash: string } | null>;
  /** A deletion told under an older order than the image has is `outdated`. `purge`: its number, which is the floor it sets. */
  purgeImage(id: string, order: string | null, who: string): Promise<{ status: "purging" | "outdated"; purge: string }>;
  /** Answers when the edges can know of every change so far (decision 19). Fails while R2 does not take the changes. */
  edgesTold(): Promise<void>;
  /** Sets the point that the crops of an image show, or takes it back (null). `changed`: those crops are made again. */
  setFocal(id: string, focal: Focal | null, who: string): Promise<{ changed: boolean }>;
  recordDead(messages: UnreadableMessage[]): Promise<void>;
  /** Lists deliveries that changed nothing: repeats, and refusals of senders with a proof. */
  noteDeliveries(notes: DeliveryNote[]): Promise<void>;
  /** Lists refusals that strangers or an overload cause. Memory has them for up to a minute, because they must cost no rows. */
  countRefusals(notes: DeliveryNote[]): Promise<void>;
  /** The last ones, the newest first. */
  listDeliveries(): Promise<HookDelivery[]>;

  /** States by key; keys without a row are left out. ≤ 1,000 keys. */
  lookUp(keys: string[]): Promise<Record<string, JobState>>;
  listRuns(
    query: Page & { state: "open" | "done" | "cancelled" | null },
  ): Promise<{ runs: RunView[]; next: string | null }>;
  getRun(run: string): Promise<RunView | null>;
  /** Items of a run's requests that were refused, request after request. */
  listRejected(query: Page & { run: string }): Promise<{ rejected: Rejection[]; next: string | null }>;
  /**
   * The keys that a run asked for, slice by slice; null: the run is not known. A job that was stored after `until` (Unix ms) is in no
   * slice of stored jobs, because an earlier slice may have had its row.
   */
  listOrdered(query: { run: string; cursor: string | null; until: number }): Promise<OrderedSlice | null>;
  listJobs(query: Page & { filter: JobFilter }): Promise<{ jobs: NamedJob[]; next: string | null }>;
  getJob(job: string): Promise<FoundJob | null>;
  /** Why jobs fail: of those that failed last within a time (ms; null: all that are known), of one run or of all. */
  listCauses(query: { windowMs: number | null; run: string | null }): Promise<CausesView>;
  listActions(query: Page): Promise<{ actions: Action[]; next: string | null }>;
  getAction(action: string): Promise<Action | null>;
  listImages(query: ImageListQuery): Promise<ImageSummary[]>;
  listCosts(query: CostsQuery): Promise<CostsView>;
  /** `stored`: keys of variants that R2 has, ≤ 1,000; they are named. */
  imageRows(id: string, stored: string[]): Promise<ImageRows>;
  stats(): Promise<LedgerStats>;
  about(): Promise<{ version: CodeVersion | null }>;
  history(tier: Tier, from: number, to: number): Promise<CountedBucket[]>;
  getGate(): Promise<GateView>;
  /** What was told, and what is to be, the newest first. */
  listEvents(query: Page): Promise<{ events: EventDelivery[]; next: string | null }>;
  /** Tells every endpoint of a test; how many there are. */
  testEvent(who: string): Promise<number>;
  listAudit(query: AuditQuery): Promise<{ entries: AuditEntry[]; next: string | null }>;

  /** Removes an image and blocks it. The caller has put the block into R2 before (store/blocks.ts). `full`: there are too many blocks. */
  removeImage(id: string, reason: string, who: string): Promise<{ status: "removing" | "full" }>;
  /** Purges or removes some images of an action, all of them or none. Blocks are in R2 before, as of `removeImage`. */
  actOnImages(ask: ImageActionAsk, who: string): Promise<ImageActionAnswer>;
  /** How far such an action has come. Null: it is not known. */
  getImageAction(action: string): Promise<ImageAction | null>;
  /** Lifts the block of a removed image. False: there was none. */
  unblockImage(id: string, who: string): Promise<boolean>;
  cancelRun(run: string, who: string): Promise<RunView | null>;
  /** Lets a run go before the other runs of its lane, or in turn with them again. `over`: none of its jobs waits. Null: it is not known. */
  promoteRun(run: string, isFirst: boolean, who: string): Promise<RunView | "over" | null>;
  retryJob(job: string, who: string): Promise<JobAct>;
  cancelJob(job: string, who: string): Promise<JobAct>;
  countMatches(match: JobFilter): Promise<{ total: number; exact: boolean }>;
  createAction(action: NewAction): Promise<Action | TooMany | null>;
  cancelAction(action: string, who: string): Promise<Action | null>;
  /** An undo puts back what stood before the change that it names; told twice, or too late, it changes nothing. */
  patchGate(patch: GatePatch, who: string): Promise<GateView>;
  /**
   * Keeps a trouble quiet until it changes. `seen`: the cause that the operator has seen, else `changed`; null: any. `none`: there is no
   * such trouble, or none that can be acknowledged.
   */
  acknowledge(key: string, seen: string | null, who: string): Promise<"done" | "none" | "changed">;
  /** Takes an acknowledgement back; false: there is none. */
  takeBack(key: string, who: string): Promise<boolean>;
  /** Whether somebody signed out of this session of the dashboard. */
  isSessionOver(session: string): Promise<boolean>;
  /** Signs out. `until`: when the session would end by itself, in Unix ms. */
  endSession(session: string, until: number): Promise<void>;

  /** Keeps a report under its name, in the place of the one before. Of too many names the one with the oldest report goes. When it was kept. */
  keepReport(name: string, report: CoverageReport, who: string): Promise<number>;
  /** The last report of each name, the newest first. */
  listReports(): Promise<ReportedCoverage[]>;

  /** Where the cron's walk over the store goes on, or null while it rests between two passes. */
  doctorFrom(): Promise<string | null>;
  /** How far that walk has come, and when it ends. */
  doctorWalk(): Promise<DoctorWalk>;
  /** Compares one interval of the store, and at the end of all of them the ledger with itself. */
  doctorSlice(request: SliceRequest): Promise<SliceAnswer>;
  /** The deletions are done: unlocks. Without this call the locks run out by themselves. */
  doctorDone(locks: SliceAnswer["locks"]): Promise<void>;
  /**
   * The operator has restored an older copy of the database: numbers go on above all that were given, nothing is handed out for two minutes, and
   * the store is looked through. `before`: what the replaced ledger knew, where it could be asked.
   */
  restored(who: string, how: Record<string, unknown>, before: BeforeRestore | null): Promise<void>;

  /** What another ledger must be told in place of this one, from a cursor on (null: from the beginning, which is audited). */
  exportSlice(cursor: string | null, who: string): Promise<ExportSlice>;
  /** The platform's bookmark of the database as it was at a time; `undo` is the bookmark of now, `before` what `restored` is to be told. Null: this platform keeps none. */
  findBookmark(to: { at: number } | { bookmark: string }): Promise<(LedgerRestore & { before: BeforeRestore }) | null>;
  /**
   * Has the platform put the database back: the object restarts on it soon after the answer, and is to be told `restored`. Name a bookmark:
   * a repeat may meet the database after the restart, which remembers no call, and then goes back to the same bookmark once more. Null:
   * this platform keeps no bookmarks.
   */
  restoreTo(to: { at: number } | { bookmark: string }): Promise<LedgerRestore | null>;
}

/** What only this Worker's own entry points ask. */
export interface Upkeep {
  /** The cron's call: an alarm that was lost is set again. */
  rearm(): Promise<void>;
  /** Local start only: ends all leases without blame, because every handler died with the process. */
  recover(): Promise<void>;
}

export type LedgerCalls = Handlers & Operators & Upkeep;

/** What the object answers to a call: the same, or at once what the caller will get as a promise. A call of the kind `id` ends with its id. */
export type Answering<Calls> = {
  [K in keyof Calls]: Calls[K] extends (...args: infer A) => Promise<infer R>
    ? (...args: K extends CallsOf<"id"> ? [...A, id?: string] : A) => R | Promise<R>
    : never;
};

/**
 * Every call, and why a caller that has lost the answer may make it again, or may not, whatever the platform says of the error: a call whose error is
 * marked `retryable` may have been heard.
 *
 * - `read`: changes nothing.
 * - `idempotent`: the arguments say what is meant (an owner and generations, a delivery, a message, a session), so the repeat changes nothing.
 * - `id`: the client adds an id behind the arguments, and the ledger answers a repeat of that id as it answered the first call. The
 *   arguments of such a call are never optional.
 * - `once`: a repeat would count twice, so the client makes the call once. What gets lost is a count that is a lower bound anyway.
 */
export const LEDGER_CALLS = {
  exchange: "idempotent",
  recordDead: "idempotent",
  acceptChunk: "idempotent",
  finishDelivery: "idempotent",
  findDelivery: "read",
  purgeImage: "id",
  edgesTold: "read",
  setFocal: "id",
  removeImage: "id",
  actOnImages: "idempotent",
  getImageAction: "read",
  unblockImage: "id",
  lookUp: "read",
  listRuns: "read",
  getRun: "read",
  listRejected: "read",
  listOrdered: "read",
  listJobs: "read",
  getJob: "read",
  listCauses: "read",
  listActions: "read",
  getAction: "read",
  listImages: "read",
  listCosts: "read",
  imageRows: "read",
  stats: "read",
  about: "read",
  history: "read",
  getGate: "read",
  noteDeliveries: "id",
  countRefusals: "once",
  listDeliveries: "read",
  listEvents: "read",
  testEvent: "id",
  listAudit: "read",
  cancelRun: "id",
  promoteRun: "id",
  retryJob: "id",
  cancelJob: "id",
  countMatches: "read",
  createAction: "id",
  cancelAction: "idempotent",
  patchGate: "id",
  acknowledge: "id",
  takeBack: "id",
  keepReport: "id",
  listReports: "read",
  isSessionOver: "read",
  endSession: "idempotent",
  doctorFrom: "read",
  doctorWalk: "read",
  doctorSlice: "id",
  doctorDone: "idempotent",
  rearm: "idempotent",
  recover: "idempotent",
  restored: "id",
  exportSlice: "id",
  findBookmark: "read",
  restoreTo: "idempotent",
} as const satisfies Record<keyof LedgerCalls, "read" | "idempotent" | "id" | "once">;

type CallsOf<Kind> = {
  [K in keyof LedgerCalls]: (typeof LEDGER_CALLS)[K] extends Kind ? K : never;
}[keyof LedgerCalls];
/** The calls that change something, and that a caller repeats. */
export type WritingCall = CallsOf<"idempotent" | "id">;

/* ── Jobs, runs, images ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** A job, without what the API reads off its key. `gen`: its generation. */
export type NamedJob = Omit<Job, "id" | "v" | "transform" | "format"> & { gen: number };

export interface FoundJob extends Pick<JobDetail, "sourceEtag" | "waitingFor" | "runs"> {
  job: NamedJob;
  attempts: Attempt[];
  /** The bytes that it is made from, if they are staged. Null: a viewer waits for it, or its original is not staged. */
  staging: Pick<Staging, "number" | "shared"> | null;
}

/** A run as it is counted. The API adds what follows from the counts. */
export type RunView = Omit<Run, "rejectedTotal" | "outcome" | "total" | "done" | "pace" | "timeToReady"> & {
  pace: LedgerPace;
  /** Items of its requests that were refused at the door. */
  rejected: number;
  readyP50: number | null;
  readyP95: number | null;
};

/** A key that a run asked for. `purged`: its image was purged since it was stored. */
export interface OrderedKey {
  key: string;
  state: JobState;
  purged: boolean;
}

/** `ordered`: all variants of the run. `next`: where the list continues; null: this is its end. */
export interface OrderedSlice extends Pick<Run, "run" | "label" | "createdAt"> {
  ordered: number;
  keys: OrderedKey[];
  next: string | null;
}

/**
 * What another ledger must be told, and cannot find in R2. `spent`: this month's jobs by day (UTC) and lane. `force`: an
 * object in R2 may be older than the job's original.
 */
export type ExportFact =
  | { kind: "spent"; days: Record<string, Record<Lane, number>> }
  | { kind: "removal"; id: string; reason: string }
  | { kind: "focal"; id: string; focal: Focal }
  | { kind: "job"; key: string; lane: Lane; run: string | null; label: string | null; force: boolean };

/** `next`: where the export continues; null: this is its end. */
export interface ExportSlice {
  facts: ExportFact[];
  next: string | null;
}

export interface ImageListQuery {
  /** Part of the id. */
  search: string;
  sort: "latest" | "largest" | "failed" | "cost";
  limit: number;
}

export interface CostsQuery {
  by: Dimension;
  /** Unix ms. */
  from: number;
  to: number;
  sort: CostSort;
  /** Rows before the page. */
  skip: number;
  limit: number;
}

/** A cost without its price. */
export type CountedCost = Omit<CostRow, "amount" | "views">;

/** `more`: there are rows behind the page. */
export interface CostsView extends Pick<Costs, "countedFrom"> {
  total: Omit<Costs["total"], "amount">;
  rows: CountedCost[];
  more: boolean;
}

export interface ImageRows {
  rows: NamedJob[];
  /** The jobs' names of the stored variants that were asked about, by key. */
  names: Record<string, string>;
  sourceEtag: string | null;
  focal: Focal | null;
  /** Null: none is remembered. */
  announced: Announced | null;
  purging: boolean;
  /**
   * The last purge of the image, if it is remembered. `secondAt`: when its next pass is due. `edgeUntil`: until when a data centre may answer
   * with a copy, Unix ms; null: the edges have not been told yet.
   */
  purge: (PurgeRecord & { secondAt: number | null; edgeUntil: number | null }) | null;
  /** Null: the image is not removed. */
  removal: RemovalView | null;
}

/** Jobs that failed alike. */
export type CauseView = Omit<Cause, "sample" | "meaning" | "cure"> & { sample: NamedJob };

export interface CausesView extends Pick<Causes, "from" | "exact" | "unreadable"> {
  causes: CauseView[];
}

/* ── Acting ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** An outcome of acting on one job: `state` means that its state does not allow it. */
export type JobAct = { status: "ok"; job: NamedJob } | { status: "none" } | { status: "state" };

/** What came of a delivery, before its time is noted. */
export type DeliveryNote = Omit<HookDelivery, "at">;

export interface Noted {
  /** Listed in the transaction that finishes the delivery. */
  note?: DeliveryNote;
}

/* ── The gate ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** What the gate holds and why; `slots`: jobs at Ittybit now, of which Prewarm gave up `abandoned`. */
export type GateView = Gate & { slots: number; abandoned: number };

/* ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** The numbers, and what of them is wrong, without the faults of the configuration. */
export type LedgerStats = LedgerNumbers & Pick<Stats, "warnings">;

export interface LedgerNumbers extends Pick<Stats, "waitingFor" | "totals" | "wait" | "run" | "metricErrors"> {
  /** The code that this object runs, which a deploy replaces at its own time; null where the platform tells none. */
  version: CodeVersion | null;
  counts: Stats["lanes"];
  /** Unix ms. */
  oldestWaiting: Record<Lane, number | null>;
  /** Per second, over the minute before and the one under way, which are so many `seconds`. */
  rates: { seconds: number; stored: number; ended: number; failed: number; accepted: number; submitted: number };
  attempts: Stats["rates"]["attempts"];
  troubles: Troubles;
  paces: Record<Lane | "all", LedgerPace>;
  lanes: LaneTimes;
  /** Of jobs; stored ones have none. */
  rows: number;
  bytes: number;
  gate: GateView;
  /** Sweeps whose pass is late: how many, and since when the oldest is due, Unix ms. Null: none is. */
  lateSweeps: { n: number; since: number } | null;
  spentHooks: SpentHook[];
}

/** A hook that has ordered the jobs that it may order on a day: how many, and the run of the day. */
export interface SpentHook {
  name: string;
  most: number;
  run: string;
}

/** A pace without its price. */
export type LedgerPace = Omit<Pace, "amountLeft">;

/** What goes wrong now. */
export interface Troubles {
  /** Attempts that failed in the last five minutes, of those that ended. */
  failing: Trouble | null;
  /** Jobs that were refused in the last hour, of those that ended. */
  refusing: Trouble | null;
  /** Jobs that died in the last hour. */
  died: Trouble | null;
}

export interface Trouble {
  n: number;
  of: number;
  /**
   * The cause that has most (`count`) of the newest failed jobs (`of`); null: none of them stands failed any more.
   * `formats`, `prefix`: what its jobs have in common.
   */
  top:
    | (Pick<CauseView, "cause" | "code" | "text" | "count"> & {
        of: number;
        formats: string[];
        prefix: string;
      })
    | null;
}

/** A bucket as it was counted; whether it still fills depends on the time that is asked for. */
export type CountedBucket = Omit<HistoryBucket, "filling">;
