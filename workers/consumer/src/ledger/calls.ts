import type { Cause, Causes } from "@prewarm/control-schema/causes";
import type { CostRow, CostSort, Costs, Dimension } from "@prewarm/control-schema/costs";
import type { Gate } from "@prewarm/control-schema/gate";
import type { HookDelivery } from "@prewarm/control-schema/hooks";
import type { Attempt, Job, JobDetail } from "@prewarm/control-schema/jobs";
import type { Pace } from "@prewarm/control-schema/pace";
import type { Run } from "@prewarm/control-schema/runs";
import type { Stats } from "@prewarm/control-schema/stats";
import type { CodeVersion, LaneTimes } from "@prewarm/control-schema/words";
import type * as queue from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";
import type { JobState, Lane } from "@prewarm/shared/job";
import type { Announced, AnsweredMisses, MissAsk, OpaquePng, Staging, VariantOutcome } from "../images/calls.ts";
import type { PurgeRecord } from "../images/purge-record.ts";
import type { RemovalView } from "../images/removal-record.ts";

/*
 * What the calls of the ledger take and answer, where `reads.ts` and `writes.ts` have it from no other room. Times are
 * Unix ms, keys are variant keys. What operators see has its types in packages/control-schema.
 */

/* ── Handlers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

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

/* ── Jobs, runs, images ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** A job, without what the API reads off its key. `gen`: its generation. */
export type NamedJob = Omit<Job, "id" | "v" | "transform" | "format"> & { gen: number };

export interface FoundJob extends Pick<JobDetail, "sourceEtag" | "waitingFor" | "runs"> {
  job: NamedJob;
  attempts: Attempt[];
  /** The bytes that it is made from, if they are staged. Null: a viewer waits for it, or its original is not staged. */
  staging: Pick<Staging, "number" | "shared"> | null;
}

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
export type DeliveryNote = Omit<HookDelivery, "at" | "images"> & {
  /** The ids of the first images that it uploaded. */
  images: readonly string[];
};

/** A note as it is kept. */
export type KeptDelivery = DeliveryNote & Pick<HookDelivery, "at">;

export interface Noted {
  /** Listed in the transaction that finishes the delivery. */
  note?: DeliveryNote;
}

/* ── The gate ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** What the gate holds and why; `slots`: jobs at the engine now, of which Prewarm gave up `abandoned`. */
export type GateView = Gate & { slots: number; abandoned: number };

/* ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** The numbers, and what of them is wrong, without the faults of the configuration. */
export type LedgerStats = LedgerNumbers & Pick<Stats, "troubles">;

export interface LedgerNumbers extends Pick<Stats, "waitingFor" | "totals" | "wait" | "run" | "metricErrors"> {
  /** The code that this object runs, which a deploy replaces at its own time; null where the platform tells none. */
  version: CodeVersion | null;
  counts: Stats["lanes"];
  /** Unix ms. */
  oldestWaiting: Record<Lane, number | null>;
  /** Per second, over the minute before and the one under way. */
  rates: { stored: number; ended: number; failed: number; accepted: number; submitted: number };
  attempts: Stats["rates"]["attempts"];
  /** Attempts of the last five minutes that failed, of those that ended; jobs of the last hour. */
  counted: { lately: Stats["rates"]["attempts"]; hour: { dead: number; refused: number; ended: number } };
  paces: Record<Lane | "all", Pace>;
  lanes: LaneTimes;
  /** Of jobs; stored ones have none. */
  rows: number;
  bytes: number;
  gate: GateView;
}
