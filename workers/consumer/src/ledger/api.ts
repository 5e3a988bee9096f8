import type { Failure, FailureClass, JobState, Lane } from "@prewarm/shared/job";
import type { IttybitJob } from "../ittybit/dialects.ts";

/*
 * What the Ledger answers, as its callers see it (the protocol: docs/protocol.md). All times are Unix ms, all keys are variant keys.
 * Every method is one SQLite transaction, takes arrays, and may be called again with the same owner without changing anything (I9).
 */

/** One message's worth of keys, as a handler read it. */
export interface WakeUpKeys {
  keys: string[];
  /** True for the live lane: a viewer waits, rows may be born from it. */
  live: boolean;
  /** When the message was sent. */
  at: number;
}

export type Claim =
  /** POST it under `Idempotency-Key: pw-<ledgerId>-<gen>`, not before `notBefore`; `input` is the original's URL frozen at the first grant, or null: resolve and send it with `submitted`. */
  | {
      do: "run";
      gen: number;
      floor: number;
      input: string | null;
      notBefore: number;
      attempts: number;
      granted: "first" | "again";
    }
  /** Ittybit has job `upstream`: look, download, put. `submittedAt` is when the generation was granted. */
  | {
      do: "resume";
      gen: number;
      floor: number;
      upstream: string;
      submittedAt: number;
      attempts: number;
      /** How the collector saw it end, if it did and still remembers: then there is no need to look. */
      seen?: IttybitJob;
    }
  /** A viewer missed what the ledger thinks stored: head R2, settle `present` or `gone`. */
  | { do: "verify"; gen: number; floor: number }
  | { do: "parked"; until: number }
  | { do: "duplicate" }
  | { do: "done" }
  | { do: "drop"; reason: "unknown" | "dead" | "cancelled" | "closed" | "capped" | "paused" };

export interface ClaimAnswer {
  ledgerId: string;
  claims: Record<string, Claim>;
  /** Open jobs in all and live jobs waiting: whether to wait inside the invocation. */
  open: number;
  liveWaiting: number;
  /** When to look at a fresh job first: the learned median of job times, in ms. */
  firstLookMs: number;
}

export type Outcome =
  | { kind: "stored"; gen: number; bytes: number; etag: string; tookMs: number }
  /** The object was already there. `posted`: false when this claim made no job; `ended`: the object's gen is this one. */
  | { kind: "present"; bytes: number; etag: string; objectGen: number; posted: boolean }
  | { kind: "gone" }
  | { kind: "pending"; due: number }
  | { kind: "throttled"; until: number }
  | { kind: "account"; status: number; message: string }
  /** `input`: what was sent, when it was not frozen before: the next POST under this key must say the same. */
  | { kind: "unclear"; failure: Failure; input?: string }
  /** `ended`: the gen's job is known to have ended or never to have existed (`posted: false`). */
  | { kind: "failed"; class: FailureClass; failure: Failure; posted: boolean; ended: boolean }
  /** The original is missing: the row ends dead(`missing`) until `until`; not a dead letter. */
  | {
      kind: "refused";
      code: "missing" | "unsupported" | "unshowable" | "animated" | "too_large";
      until: number;
      message: string;
    }
  /** After answer `delete`: the owner has deleted its object. */
  | { kind: "purged" }
  /** After answer `stop`: the handler gives the row back untouched. */
  | { kind: "stopped" };

export type Settled = "ok" | "lost" | "delete";

export interface Submitted {
  key: string;
  gen: number;
  job: string;
  input: string;
}

export interface AcceptRequest {
  /** Null for single rows outside any run; a run that does not exist yet is made. */
  run: string | null;
  lane: Lane;
  /** ≤ 1,000 keys, grouped by original. */
  keys: string[];
  /** Makes anew even what is stored (a new floor for each row). */
  force?: boolean;
  /** The originals' order from the upload system; an older one than the image has is ignored (docs/protocol.md, New original). */
  originals?: { id: string; order: string; sourceEtag: string | null }[];
  /** Shown with the run; only read when the run is made. */
  label?: string | null;
  /** Number of this chunk within its run, from 0: a chunk that is sent again is answered again and changes nothing. */
  chunk?: number;
  /** The idempotency record written with this chunk; `complete` with the last one. `answer` is replayed to a repeated request. */
  inbox?: { id: string; hash: string; complete: boolean; answer?: string };
}

/** What is known of a request that came before: `mismatch` has another body; an `incomplete` one is to be run again. */
export type InboxAnswer =
  | { state: "new" }
  | { state: "incomplete"; run: string }
  | { state: "complete"; run: string; answer: string | null }
  | { state: "mismatch" };

export interface AcceptAnswer {
  accepted: number;
  duplicates: number;
  /** Rows known stored. */
  existing: number;
  /** The run was cancelled before: nothing was accepted (bulk), for what follows a cancel is cancelled with it. */
  closed?: true;
}

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

/** Open jobs at Ittybit, for the collector. */
export interface UpstreamOpen {
  count: number;
  /** Unix ms; null when there are none. */
  oldestGrantedAt: number | null;
  /** True when a handler waits for every one of them. */
  waited: boolean;
}

export interface UpstreamJob {
  key: string;
  gen: number;
  job: string;
  submittedAt: number;
  owned: boolean;
  due: number;
}
