import type { Format } from "@prewarm/shared/config";
import type { JobState, Lane } from "@prewarm/shared/job";
import type { DoctorLedger } from "../doctor/doctor-port.ts";
import type { JobView } from "../ledger/api.ts";
import type { AttemptView, GatePatch, GateView } from "../ledger/api-views.ts";
import type { DeadMessage } from "../making/ledger-port.ts";
import type { ActionFilter } from "./actions.ts";

/*
 * What the control API, the hooks and the uploads queue ask of the Ledger. Each method is one RPC and one transaction; times are Unix
 * ms; `who` names the person or machine for the audit log and is written in the same transaction as what it did.
 */

/** A job with its public name (`jobHash` of its key). */
export type NamedJob = JobView & { job: string };

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
  force: boolean;
  /** Open jobs above which nothing more is accepted. */
  backlogMax: number;
}

export type ChunkAnswer =
  | {
      status: "done" | "repeat";
      accepted: number;
      duplicates: number;
      existing: number;
      /** Variants left alone because their image has a later order than the chunk says. */
      outdated: number;
    }
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

export interface Page {
  limit: number;
  cursor: string | null;
}

export interface DeadGroupView {
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
  groups: DeadGroupView[];
  jobs: NamedJob[];
  messages: DeadMessage[];
  next: string | null;
}

export interface ActionView {
  action: string;
  kind: "retry" | "cancel";
  filter: ActionFilter;
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

export interface NewAction {
  kind: "retry" | "cancel";
  /** As asked, to be shown again. */
  filter: ActionFilter;
  /** As read. */
  match: JobFilter;
  rate: number | null;
  who: string;
}

export interface ImageRows {
  rows: NamedJob[];
  sourceEtag: string | null;
  purging: boolean;
}

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

export interface AuditView {
  seq: number;
  at: number;
  who: string;
  what: string;
  target: string | null;
  details: Record<string, unknown>;
}

/** An outcome of acting on one job: `state` means that its state does not allow it. */
export type JobAct = { status: "ok"; job: NamedJob } | { status: "none" } | { status: "state" };

export interface EnqueueLedger {
  acceptChunk(chunk: AcceptChunk): Promise<ChunkAnswer>;
  /** Marks a delivery complete: the run leaves `accepting`. `repeat`: it was complete before; `mismatch`: with another hash. */
  finishDelivery(request: FinishRequest): Promise<"done" | "repeat" | "mismatch">;
  /** Under which run a delivery was begun, and whether it was completed; null for a new one. */
  findDelivery(id: string): Promise<{ run: string; complete: boolean; hash: string | null } | null>;
  /** A deletion told under an older order than the image has is `outdated`. */
  purgeImage(
    id: string,
    order: string | null,
    who: string,
  ): Promise<{ status: "purging" | "done" | "outdated"; purge: string }>;
  recordDead(messages: DeadMessage[]): Promise<void>;
}

export interface ReadLedger {
  /** States by key; keys without a row are left out. ≤ 1,000 keys. */
  lookUp(keys: string[]): Promise<Record<string, JobState>>;
  listRuns(
    query: Page & { state: "open" | "done" | "cancelled" | null },
  ): Promise<{ runs: RunView[]; next: string | null }>;
  getRun(run: string): Promise<RunView | null>;
  listJobs(query: Page & { filter: JobFilter }): Promise<{ jobs: NamedJob[]; next: string | null }>;
  getJob(job: string): Promise<{ job: NamedJob; attempts: AttemptView[]; sourceEtag: string | null } | null>;
  listDead(query: Page & { fingerprint: string | null; lanes: Lane[] }): Promise<DeadView>;
  listActions(query: Page): Promise<{ actions: ActionView[]; next: string | null }>;
  getAction(action: string): Promise<ActionView | null>;
  imageRows(id: string): Promise<ImageRows>;
  stats(): Promise<LedgerStats>;
  history(tier: Tier, from: number, to: number): Promise<HistoryBucket[]>;
  getGate(): Promise<GateView>;
  listAudit(query: Page): Promise<{ entries: AuditView[]; next: string | null }>;
}

export interface ActLedger {
  cancelRun(run: string, who: string): Promise<RunView | null>;
  retryJob(job: string, who: string): Promise<JobAct>;
  cancelJob(job: string, who: string): Promise<JobAct>;
  countMatches(match: JobFilter): Promise<{ total: number; exact: boolean }>;
  createAction(action: NewAction): Promise<ActionView | null>;
  cancelAction(action: string, who: string): Promise<ActionView | null>;
  patchGate(patch: GatePatch, who: string): Promise<GateView>;
  /** Takes one try at signing in from an address; the number of seconds to wait when there were too many, else 0. */
  takeSignInTry(address: string): Promise<number>;
  /** A right token: the address starts anew. */
  forgiveSignIns(address: string): Promise<void>;
}

export interface ControlLedger extends EnqueueLedger, ReadLedger, ActLedger, DoctorLedger {}
