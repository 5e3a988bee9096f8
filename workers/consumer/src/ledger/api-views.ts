import type { JobState, Lane } from "@prewarm/shared/job";
import type { JobView } from "./api.ts";

/* What the Ledger shows an operator. All times are Unix ms. */

/** A failed attempt as it is kept. Times are Unix ms. */
export interface AttemptView {
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

export interface CountsView {
  /** `dead` includes `refused`. */
  byState: Record<JobState, Record<Lane, number>>;
  /** Dead because the original is missing or of no use: no dead letters. */
  refused: number;
  deadLetters: number;
  open: number;
  /** Slots taken: granted rows and abandoned jobs. */
  slots: number;
}

export interface RunView {
  run: string;
  label: string | null;
  lane: Lane;
  createdAt: number;
  updatedAt: number;
  endedAt: number | null;
  cancelledAt: number | null;
  accepted: number;
  duplicates: number;
  existing: number;
  states: Record<JobState, number>;
  open: number;
  timeToReadyMs: { p50: number | null; p95: number | null };
}

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

/** What became of each key: `conflict` when its state does not allow it. */
export type KeyResult = "ok" | "missing" | "conflict";

export interface ImageRows {
  id: string;
  sourceEtag: string | null;
  purging: boolean;
  floor: number;
  rows: JobView[];
}

/** A message that could not be used. */
export interface DeadMessageRecord {
  messageId: string;
  queue: string;
  body: string;
  reason: string;
  /** Unix ms. */
  at: number;
  attempts: number;
}
