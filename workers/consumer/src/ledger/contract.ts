import type { Format } from "@prewarm/shared/config";
import type { Failure, FailureClass, JobState, Lane } from "@prewarm/shared/job";
import type { IttybitJob } from "../ittybit/dialects.ts";

/*
 * Everything that crosses the Ledger's RPC: what handlers ask (`Handlers`), what the control API, the hooks, the uploads queue and the
 * doctor ask (`Operators`), and what is answered. Times are Unix ms, keys are variant keys. A call is one SQLite transaction, and a call
 * of a handler may be repeated with the same owner without changing anything but the lease (docs/protocol.md, I9).
 */

/* ── What handlers ask ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface Handlers {
  /** The one call of a handler: says what it has done, is told what to do next. Renews its lease by LEASE_MS, counted from before the call. */
  exchange(request: ExchangeRequest): Promise<ExchangeAnswer>;
  recordDead(messages: DeadMessage[]): Promise<void>;
}

export type Phase = "standby" | "ready" | "go" | "watch" | "finish";

/** A job in a handler's hands: `id` is the ledger's number of its row (safe integer), `gen` its generation. */
export interface Having {
  id: number;
  gen: number;
  phase: Phase;
}

export interface ExchangeRequest {
  owner: string;
  /** Only the first call of an owner makes its document. */
  first: boolean;
  role: "live" | "work";
  /** Entries it can take beside those it has (≤ 40); 0: takes nothing new (live handlers always, a worker that drains). */
  room: number;
  have: Having[];
  /** Live keys with the time of the miss (Unix ms). */
  asks: { key: string; at: number }[];
  submitted: { id: number; gen: number; job: string }[];
  settled: { id: number; gen: number; outcome: Outcome }[];
  leave: boolean;
}

export type ExchangeAnswer =
  | { status: "lost" }
  | {
      status: "ok";
      ledgerId: string;
      stop: { id: number; gen: number }[];
      give: Given[];
      /** ms until the next call. */
      again: number;
      /** False: end this shift now (drain, leave): short shifts while wake-ups stand in the queue, or there is nothing more to do. */
      stay: boolean;
    };

export interface Given {
  id: number;
  key: string;
  gen: number;
  /** An object of a gen at or above it counts as present. */
  floor: number;
  phase: "standby" | "go" | "watch" | "finish";
  /** go: not before this time (Unix ms). */
  notBefore: number;
  /**
   * go/watch/finish: when the generation was granted first (Unix ms). The POST's body is a pure function of key, gen, grantedAt and configuration
   * (a bucket original's signed URL is signed for grantedAt), so a repeated POST is the same POST. 0 for standby.
   */
  grantedAt: number;
  /** True for the handler that was told `go` first for this generation: only it may say that no job was made. */
  first: boolean;
  attempts: number;
  job: string | null;
  /** finish: how the collector saw the job end. */
  sight: IttybitJob | null;
}

/** What became of a job in a handler's hands. */
export type Outcome =
  | { kind: "stored"; bytes: number; etag: string; tookMs: number }
  /** The object was already there. `posted`: false when no job was made for it by this generation. */
  | { kind: "present"; objectGen: number; bytes: number; etag: string; posted: boolean }
  /** `ended`: the gen's job is known to have ended or never to have existed (`posted: false`). */
  | { kind: "failed"; class: FailureClass; failure: Failure; posted: boolean; ended: boolean }
  /** No variant can be made of the original until `until`; no failure, and no dead letter. */
  | {
      kind: "refused";
      code: "missing" | "unsupported" | "unshowable" | "animated" | "too_large";
      until: number;
      message: string;
    }
  /** The POST had no answer, or one that does not say what happened. */
  | { kind: "unclear"; failure: Failure }
  | { kind: "throttled"; until: number }
  | { kind: "account"; status: number; message: string }
  /** Left behind, to be gone on with at `due`. */
  | { kind: "pending"; due: number }
  /** Given back: no POST was sent. */
  | { kind: "unposted" }
  /** Given back because the ledger said so. */
  | { kind: "stopped" };

/** A message that could not be used, kept whole so that it can be looked at and sent again. */
export interface DeadMessage {
  queue: string;
  /** The platform's message id: recording the same one twice changes nothing. */
  messageId: string;
  /** The body as JSON text, cut to a bounded length. */
  body: string;
  reason: string;
  /** When it was sent. */
  at: number;
  attempts: number;
}

/* ── What the control API, the hooks, the uploads queue and the doctor ask ─────────────────────────────────────────────────────── */

/** `who` names the person or machine for the audit log and is written in the same transaction as what it did. */
export interface Operators {
  acceptChunk(chunk: AcceptChunk): Promise<ChunkAnswer>;
  /** Marks a delivery complete: the run leaves `accepting`. `repeat`: it was complete before; `mismatch`: with another hash. */
  finishDelivery(request: FinishRequest): Promise<"done" | "repeat" | "mismatch">;
  /** What came of a delivery that was completed; null for any other. */
  findDelivery(id: string): Promise<{ run: string; hash: string } | null>;
  /** A deletion told under an older order than the image has is `outdated`. `purge`: its number, which is the floor it sets. */
  purgeImage(id: string, order: string | null, who: string): Promise<{ status: "purging" | "outdated"; purge: string }>;
  recordDead(messages: DeadMessage[]): Promise<void>;

  /** States by key; keys without a row are left out. ≤ 1,000 keys. */
  lookUp(keys: string[]): Promise<Record<string, JobState>>;
  listRuns(
    query: Page & { state: "open" | "done" | "cancelled" | null },
  ): Promise<{ runs: RunView[]; next: string | null }>;
  getRun(run: string): Promise<RunView | null>;
  listJobs(query: Page & { filter: JobFilter }): Promise<{ jobs: NamedJob[]; next: string | null }>;
  getJob(job: string): Promise<{ job: NamedJob; attempts: Attempt[]; sourceEtag: string | null } | null>;
  listDead(query: Page & { fingerprint: string | null; lanes: Lane[] }): Promise<DeadView>;
  listActions(query: Page): Promise<{ actions: ActionView[]; next: string | null }>;
  getAction(action: string): Promise<ActionView | null>;
  imageRows(id: string): Promise<ImageRows>;
  stats(): Promise<LedgerStats>;
  history(tier: Tier, from: number, to: number): Promise<HistoryBucket[]>;
  getGate(): Promise<GateView>;
  listAudit(query: Page): Promise<{ entries: AuditView[]; next: string | null }>;

  cancelRun(run: string, who: string): Promise<RunView | null>;
  retryJob(job: string, who: string): Promise<JobAct>;
  cancelJob(job: string, who: string): Promise<JobAct>;
  countMatches(match: JobFilter): Promise<{ total: number; exact: boolean }>;
  createAction(action: NewAction): Promise<ActionView | null>;
  cancelAction(action: string, who: string): Promise<ActionView | null>;
  patchGate(patch: GatePatch, who: string): Promise<GateView>;
  /** Whether somebody signed out of this session of the dashboard. */
  isSessionOver(session: string): Promise<boolean>;
  /** Signs out. `until`: when the session would end by itself, in Unix ms. */
  endSession(session: string, until: number): Promise<void>;

  /** Where the cron's walk over the store goes on, or null while it rests between two passes. */
  doctorFrom(): Promise<string | null>;
  /** Compares one interval of the store, and at the end of all of them the ledger with itself. */
  doctorSlice(request: SliceRequest): Promise<SliceAnswer>;
  /** The deletions are done: unlocks. Without this call the locks run out by themselves. */
  doctorDone(locks: SliceAnswer["locks"]): Promise<void>;
}

/** What only this Worker's own entry points ask. */
export interface Upkeep {
  /** The cron's call: an alarm that was lost is set again. */
  rearm(): Promise<void>;
  /** Local start only: puts every document down, because every handler died with the process. */
  recover(): Promise<void>;
  /** The operator says that the database was restored. */
  restored(): Promise<void>;
}

export type LedgerCalls = Handlers & Operators & Upkeep;

/** What the object answers to a call: the same, or at once what the caller will get as a promise. */
export type Answering<Calls> = {
  [K in keyof Calls]: Calls[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R | Promise<R> : never;
};

/**
 * Every call, and whether it may be made a second time when the first one's answer was lost: `repeat` changes nothing the second time,
 * `once` would (a second action, a second try counted, a conflict told to somebody whose act has succeeded).
 */
export const LEDGER_CALLS = {
  exchange: "repeat",
  recordDead: "repeat",
  acceptChunk: "repeat",
  finishDelivery: "repeat",
  findDelivery: "repeat",
  purgeImage: "repeat",
  lookUp: "repeat",
  listRuns: "repeat",
  getRun: "repeat",
  listJobs: "repeat",
  getJob: "repeat",
  listDead: "repeat",
  listActions: "repeat",
  getAction: "repeat",
  imageRows: "repeat",
  stats: "repeat",
  history: "repeat",
  getGate: "repeat",
  listAudit: "repeat",
  cancelRun: "repeat",
  retryJob: "once",
  cancelJob: "once",
  countMatches: "repeat",
  createAction: "once",
  cancelAction: "repeat",
  patchGate: "repeat",
  isSessionOver: "repeat",
  endSession: "repeat",
  doctorFrom: "repeat",
  doctorSlice: "repeat",
  doctorDone: "repeat",
  rearm: "repeat",
  recover: "repeat",
  restored: "repeat",
} as const satisfies Record<keyof LedgerCalls, "repeat" | "once">;

/* ── Intake ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** One original's variants in a chunk. */
export interface AcceptImage {
  id: string;
  keys: string[];
  /** Grows with every change of the original, as text that compares; null: the sender does not say. */
  order: string | null;
  /** Another etag than the image had, under a later order or none, is a new original: its variants are made anew. */
  sourceEtag: string | null;
}

export interface AcceptChunk {
  run: { run: string; label: string | null; lane: Lane };
  /** The request this chunk is part of. The same chunk again answers as before and does nothing; another hash is a mismatch. */
  delivery: { id: string; chunk: number; hash: string };
  /** ≤ 1,000 keys in all, each once. */
  images: AcceptImage[];
  /** Makes anew even what is stored (a new floor for each row). */
  force: boolean;
  /** Open jobs above which nothing more is accepted. */
  backlogMax: number;
}

/** How many of a chunk's keys became what. */
export interface Accepted {
  accepted: number;
  duplicates: number;
  /** Rows known stored. */
  existing: number;
  /** The run was cancelled before: nothing was accepted (bulk), for what follows a cancel is cancelled with it. */
  closed?: true;
}

export type ChunkAnswer =
  /** `outdated`: variants left alone because their image has a later order than the chunk says. */
  | ({ status: "done" | "repeat"; outdated: number } & Accepted)
  | { status: "mismatch" }
  | { status: "full"; retryAfterSeconds: number };

export interface FinishRequest {
  delivery: { id: string; chunks: number; hash: string };
  /** Null: the delivery held nothing to make, so there is no run. */
  run: string | null;
  who: string;
  /** For the audit log. */
  summary: Record<string, unknown>;
}

/* ── Jobs, runs, images ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** One job as the control API shows it. */
export interface JobView {
  key: string;
  state: JobState;
  lane: Lane;
  run: string | null;
  attempts: number;
  error: { code: string; message: string } | null;
  ittybitJob: string | null;
  gen: number;
  due: number | null;
  bytes: number | null;
  createdAt: number;
  updatedAt: number;
  storedAt: number | null;
}

/** A job with its public name (`jobHash` of its key). */
export type NamedJob = JobView & { job: string };

/** A failed attempt as it is kept. */
export interface Attempt {
  number: number;
  startedAt: number | null;
  endedAt: number;
  tookMs: number | null;
  httpStatus: number | null;
  kind: string | null;
  code: string;
  message: string;
  ittybitJob: string | null;
}

export interface RunView {
  run: string;
  label: string | null;
  lane: Lane;
  state: "accepting" | "running" | "done" | "cancelled";
  createdAt: number;
  updatedAt: number;
  endedAt: number | null;
  accepted: number;
  duplicates: number;
  existing: number;
  states: Record<JobState, number>;
  ratePerSecond: number;
  readyP50: number | null;
  readyP95: number | null;
}

export interface ImageRows {
  rows: NamedJob[];
  sourceEtag: string | null;
  purging: boolean;
}

export interface Page {
  limit: number;
  cursor: string | null;
}

/** All that is given must match; an empty list is no condition. */
export interface JobFilter {
  states: JobState[];
  lanes: Lane[];
  run: string | null;
  id: string | null;
  format: Format | null;
  /** Part of an error's code or message. */
  error: string | null;
  /** Parts of the variant key. */
  text: string[];
  fingerprint: string | null;
  /** Short hashes; null is no condition. */
  jobs: string[] | null;
}

/** Dead letters of one cause. */
export interface DeadGroup {
  fingerprint: string;
  code: string;
  message: string;
  count: number;
  firstAt: number;
  lastAt: number;
  formats: Record<string, number>;
  sample: NamedJob;
}

export interface DeadView {
  total: number;
  groups: DeadGroup[];
  jobs: NamedJob[];
  messages: DeadMessage[];
  next: string | null;
}

/* ── Acting ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** An outcome of acting on one job: `state` means that its state does not allow it. */
export type JobAct = { status: "ok"; job: NamedJob } | { status: "none" } | { status: "state" };

export interface NewAction {
  kind: "retry" | "cancel";
  /** As asked, as JSON text, to be shown again. */
  filter: string;
  /** As read. */
  match: JobFilter;
  rate: number | null;
  who: string;
}

export interface ActionView {
  action: string;
  kind: "retry" | "cancel";
  /** As asked, as JSON text. */
  filter: string;
  rate: number | null;
  state: "running" | "done" | "cancelled";
  total: number;
  exact: boolean;
  done: number;
  skipped: number;
  createdAt: number;
  updatedAt: number;
  endedAt: number | null;
  who: string;
}

export interface AuditView {
  seq: number;
  at: number;
  who: string;
  what: string;
  target: string | null;
  details: Record<string, unknown>;
}

/* ── The gate ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** What the gate holds and why; the same words as `GET /api/v1/gate`. */
export interface GateView {
  paused: Record<Lane, boolean>;
  breaker: {
    state: "closed" | "open" | "half-open";
    reason: string | null;
    status: number | null;
    since: number | null;
    probeAt: number | null;
  };
  rate: { perSecond: number; burst: number };
  concurrency: number;
  budget: {
    monthlyJobs: number | null;
    warmingShare: number;
    month: string;
    used: number;
    usedByLane: Record<Lane, number>;
    alertLevels: readonly number[];
    /** The highest alert level that is passed. */
    alert: number | null;
    exhausted: { live: boolean; warming: boolean };
  };
  throttledUntil: number | null;
  slots: number;
  reasons: { lane: Lane | null; code: string; message: string; until: number | null }[];
  updatedAt: number;
}

export interface GatePatch {
  paused?: Partial<Record<Lane, boolean>>;
  /** Closes the breaker by hand. */
  breaker?: { state: "closed" };
  rate?: number | { perSecond: number; burst?: number };
  concurrency?: number;
  budget?: { monthlyJobs?: number | null; warmingShare?: number; alertLevels?: number[] };
}

/* ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface LedgerStats {
  counts: Record<Lane, Record<JobState, number>>;
  oldestWaiting: Record<Lane, number | null>;
  /** Dead jobs that somebody should look at: those without a missing or unusable original. */
  deadLetters: number;
  /** Per second, over the last five whole minutes. */
  rates: { stored: number; failed: number; accepted: number; submitted: number };
  wait: Percentiles;
  run: Percentiles;
  rows: number;
  bytes: number;
  metricErrors: number;
  gate: GateView;
}

export type Tier = "minute" | "hour" | "day";

export interface HistoryBucket {
  at: number;
  accepted: number;
  stored: number;
  failed: number;
  dead: number;
  throttled: number;
  wait: Percentiles;
  run: Percentiles;
  oldestMs: number | null;
  open: number | null;
}

/* ── The doctor ────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** Ways in which ledger and store may disagree. */
export type FindingCode =
  | "row_without_object"
  | "object_below_floor"
  | "marker_stale"
  | "owner_unknown"
  | "claim_expired"
  | "slot_leaked"
  | "counters_differ";

export interface Finding {
  code: FindingCode;
  /** How many of them. */
  count: number;
  message: string;
  /** True when they were mended, so that a second look finds them no more. */
  fixed: boolean;
  /** Some of the variant keys concerned. */
  examples: string[];
}

/** What the store holds within an interval of variant keys, above `from` and up to and including `to`. */
export interface StorePage {
  from: string;
  /** Null: up to the last key there is. */
  to: string | null;
  /** Taken before R2 was asked: what was stored later need not be on the page. */
  at: number;
  /** `gen` is 0 for objects that we did not put. */
  objects: { key: string; gen: number }[];
  /** Keys of variants that have a marker. */
  markers: string[];
}

export interface SliceRequest {
  page: StorePage;
  /** False: nothing is changed. */
  fix: boolean;
  /** Keep the place reached for the next cron. */
  keep: boolean;
  /** For the audit log. */
  who: string;
}

export interface SliceAnswer {
  findings: Finding[];
  /** How far the interval was looked at; null: to the end. */
  to: string | null;
  /** Variant keys whose objects, and whose markers, the caller is to delete. Empty unless `fix`. */
  objects: string[];
  markers: string[];
  /** Images locked for those deletions, given back with `doctorDone`. */
  locks: { id: string; until: number }[];
}
