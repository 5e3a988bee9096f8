import type { ExternalJob } from "./external-jobs.ts";
import type { JobKey } from "./job-key.ts";

/*
 * What the calls of the queue take and answer. Times are Unix ms. A call is one SQLite transaction. Lanes have the names of
 * `QueueConfig.lanes`.
 */

/** States of a job. The first three are open, the others are ends. */
export type JobState = "queued" | "processing" | "retrying" | "stored" | "dead" | "refused" | "cancelled";

/**
 * How a failed attempt is tried again: `transient` up to `limits.maxAttempts`, `once` until a second attempt of the job
 * fails with the same code, `permanent` never.
 */
export type FailureClass = "permanent" | "once" | "transient";

/** Why an attempt at a job failed. */
export interface Failure {
  /** A stable word, by which failures are grouped. */
  code: string;
  message: string;
  httpStatus?: number;
  /** The service's own word for it. */
  kind?: string;
}

/* ── Handlers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/**
 * How far a handler is with a job: `standby` to be prepared, `ready` prepared, `admitted` to be POSTed, `watch` running at the service,
 * `finish` seen to end.
 */
export type Phase = "standby" | "ready" | "admitted" | "watch" | "finish";

/** A job on the handler's side: as the queue gave it last, and how far the handler is with it. */
export interface Held {
  assignment: Assignment;
  phase: Phase;
}

export interface ExchangeRequest {
  owner: string;
  /** Only the first call of an owner opens its lease. */
  first: boolean;
  /**
   * The number of the call among those of its owner, from 1; a repeated call has the same. The queue takes outcomes only from a call with a
   * higher number than it has heard. Missing: a handler of an earlier release, each of whose calls counts as new.
   */
  seq?: number;
  /** `urgent`: a batch of urgent messages, which makes its own jobs and leaves; `work`: a worker that takes any job. */
  role: "urgent" | "work";
  /** A worker that leaves within seconds, say because one job was all that it was called for. */
  brief?: boolean;
  /** How many more jobs it can take, 0 to CLAIMS_MAX. A worker that says 0 with less than that in its hands drains. */
  room: number;
  /**
   * All that it holds: the queue's number of the row, the generation, and the phase. What it should know beyond that is told
   * again. `copy`: the input is a copy that was there already, so its origin was not asked; default false.
   */
  have: { id: number; gen: number; phase: Phase; copy?: boolean }[];
  /** The service's ids of the jobs that it has made; believed whoever says it. */
  submitted: { id: number; gen: number; job: string; createdAt?: number | null }[];
  settled: { id: number; gen: number; outcome: Outcome }[];
  /** It gives back what it has and calls no more. */
  leave: boolean;
}

/** `Extra`: what the user of the queue adds to the answer. */
export type ExchangeAnswer<Extra = unknown> =
  /** Its lease is over: it stops everything at once. */
  | { status: "lost" }
  | (Extra & {
      status: "ok";
      /** Part of every idempotency key: `pw-<queueId>-<gen>`. */
      queueId: string;
      /** To be stopped, and settled: as `wait`, if nothing else became of it. */
      stop: { id: number; gen: number }[];
      give: Assignment[];
      /** ms until it should call again. */
      again: number;
      /** What bounds it is the handler itself, and not the gate: it should call as soon as it can do more. */
      more: boolean;
      /** False: there is no more for it to do, or a fresh worker should take its place: it drains and leaves. */
      stay: boolean;
    });

/** A job as an exchange hands it to a handler. */
export interface Assignment extends JobKey {
  id: number;
  /** The job's public name and its run's, by which logs and traces are found. */
  name: string;
  run: string | null;
  gen: number;
  /** The fence: a result of a generation at or above it counts. */
  floor: number;
  /** It is in the urgent lane. */
  urgent: boolean;
  phase: Exclude<Phase, "ready">;
  /** Of `admitted`: POST not before this time, Unix ms. */
  notBefore: number;
  /** When the generation was granted first, Unix ms; 0 for `standby`. The POST's body depends on it and on nothing that changes. */
  grantedAt: number;
  /** It is the first that is told `admitted` for this generation: only it can know that no job was made. */
  first: boolean;
  attempts: number;
  /** Its row has changed since it was ordered for the first time: it failed, was put off, or is ordered again. */
  touched: boolean;
  job: string | null;
  /** Of `finish`: how the job was seen to end. */
  sight: ExternalJob | null;
  /** Since when its result could not be fetched, Unix ms by the queue's clock; null: it was not tried, or never refused. */
  unfetchedSince: number | null;
  /** Its job is from before a restore, so its input may have changed since. */
  beforeRestore: boolean;
}

/**
 * What became of a job in a handler's hands, in four verbs. Each is the end of the handler's claim. The user of the queue
 * has richer words for it, and translates them.
 */
export type Outcome = Done | Retry | Wait | Drop;

/**
 * What a handler knows of the external job of its generation; of a job that is one call, of the call. `none`: this
 * handler has made none. The queue believes that of the first handler of a generation only, and gives the slot and the
 * place in the budget back. `ended`: nothing of it runs any more, so its slot is free. `open`: it may run, so it keeps
 * its slot until it is seen to end.
 */
export type External = "none" | "ended" | "open";

/**
 * There is a result. If it counts, the queue deletes the job and counts it as stored, also a job that was to be
 * cancelled. Otherwise the job is due now under a new generation, which is no attempt.
 */
export interface Done {
  kind: "done";
  external: External;
  /**
   * The generation of the result; it counts from the job's fence on. Default: the job's own, which counts, and whose
   * external job has ended. Null: it was made by the job's own generation, from an input that is out of date, so that it
   * never counts.
   */
  gen?: number | null;
  /** How long the external job worked, in ms. Null: this handler did not fetch the result, so it says nothing of the service. */
  tookMs: number | null;
  /** The queue does not read it, and hands it to its user (`QueueTx.onEvent`). */
  result?: unknown;
}

/** An attempt failed. After too many of them, or a permanent one, the job is a dead letter; before, it is due after a backoff. */
export interface Retry {
  kind: "retry";
  external: External;
  failure: Failure;
  /**
   * Of the next attempt. `new`: the external job is over or given up, and the next one has a new idempotency key. `same`:
   * what may be paid for is kept, and the same key is sent again.
   */
  generation: "new" | "same";
  /** Whether another attempt is in vain. `once`: it is after a second failure of the same code. */
  class: FailureClass;
  /**
   * `job`: nobody else's fault. `origin`: the server of its input failed, so the backoff is longer and the breaker of
   * that server hears of it. `service`: no answer, or an error, so the gate hears of it. With the same generation, the
   * service may have made the job: it is no attempt if the external job is known by now, and the sixth in a row gives the
   * generation up.
   */
  fault: "job" | "origin" | "service";
}

/**
 * No attempt. A job without an external job waits as before; otherwise its claim is orphaned, and another handler goes on
 * with its generation. `what`: this job (its store did not answer, or it is given back); the whole queue, because the
 * service asks for a pause: the gate closes; or all jobs of the service's account, which is at fault: the breaker opens.
 */
export type Wait =
  | {
      kind: "wait";
      what: "job";
      external: External;
      /** Not before, Unix ms. Null: a job that is given back. */
      until: number | null;
      /** The external job is done, and its result cannot be fetched. */
      unfetched?: Unfetched;
    }
  | { kind: "wait"; what: "queue"; external: External; until: number }
  | { kind: "wait"; what: "account"; external: External; status: number; message: string };

/** The job cannot be made; not before `until` (Unix ms) again. It is shown as refused: neither an attempt nor a dead letter. */
export interface Drop {
  kind: "drop";
  external: External;
  code: string;
  message: string;
  until: number;
}

/** Why an external job that is done has no result. The claim keeps it and the time of the first refusal. */
export interface Unfetched {
  message: string;
  /** Access was denied. That opens the breaker at once where no result was ever stored: waiting does not change it. */
  isDenied: boolean;
}

/* ── Intake ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/** Jobs of a group to accept: ≤ 1,000 parts, each once. */
export interface Parts {
  group: string;
  parts: string[];
}

/** `G`: a group, and what the user of the queue says of it. */
export interface AcceptChunk<G extends Parts = Parts> {
  /** `most`: of a run that stands for a day (UTC), the jobs after which it takes no further chunk. Missing: any number. */
  run: { run: string; label: string | null; lane: string; most?: number | undefined };
  /** The request this chunk is part of. The same chunk again answers as before and does nothing; another hash is a mismatch. */
  delivery: { id: string; chunk: number; hash: string };
  /** ≤ 1,000 parts in all. */
  groups: G[];
  /** Makes anew even what is stored (a new floor for each row). */
  force: boolean;
  /** Open jobs above which nothing more is accepted. */
  backlogMax: number;
  /** The chunk is its whole delivery, of another lane than the background lane: the same transaction finishes the delivery. */
  finish?: { /** Of the whole delivery. */ hash: string };
}

/** How many of a chunk's keys became what. */
export interface Accepted {
  accepted: number;
  duplicates: number;
  /** Known to be stored. What is found in the store only later counts with the run. */
  existing: number;
  /** The run was cancelled before, in the background lane: nothing was accepted, because the cancel covers it too. */
  closed?: true;
}

export type ChunkAnswer =
  /** `outdated`: keys left alone because their group is newer than the chunk says. `finished`: this call finished the delivery. */
  | ({ status: "done" | "repeat"; outdated: number; finished?: true } & Accepted)
  | { status: "mismatch" }
  | { status: "full"; retryAfterSeconds: number }
  /** The run has had its jobs of the day. */
  | { status: "run_full"; retryAfterSeconds: number }
  /** The database is near the platform's limit, and the lane is the background lane. */
  | { status: "no_room"; retryAfterSeconds: number };

export interface FinishRequest {
  delivery: { id: string; chunks: number; hash: string };
  /** Null: the delivery held nothing to make, so there is no run. */
  run: string | null;
}

/* ── Operators ──────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

export interface Page {
  limit: number;
  cursor: string | null;
}

/** What a database that is about to be put back knows and its copy may not. */
export interface BeforeRestore {
  /** Every number given so far is below it. */
  ceiling: number;
}
