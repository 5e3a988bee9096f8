import type { JobKey } from "./job-key.ts";
import type { Result } from "./runner/run-job.ts";

/*
 * What the calls of a `JobQueue` take and answer. Times are Unix ms.
 */

/** A job to accept. While a job of the same key is open, it gains no second one, and keeps its payload and its time. */
export interface NewJob extends JobKey {
  /** A text of at most 1.9 MB in UTF-8. Default: "". */
  payload?: string;
  /** Its first call begins not before this time, Unix ms, at most ten years ahead. Default, and in the past: now. */
  at?: number;
}

/** Jobs to accept together: all of them or none. */
export interface Enqueue {
  /** The same id again, within 14 days, answers `repeat` and does nothing. At most 1,024 characters. */
  id: string;
  /** At most 1,000 jobs, each key once. */
  jobs: readonly NewJob[];
  /** Default: the last lane. */
  lane?: string;
  /** Jobs of one run are counted and cancelled together, and runs of a lane take turns. Default: the lane. */
  run?: string;
}

export type EnqueueAnswer =
  /** `accepted`: new jobs. `duplicates`: jobs that were open already. `repeat`: the numbers of the first time. */
  | { status: "done" | "repeat"; accepted: number; duplicates: number }
  /** The run was cancelled before, so nothing was accepted. */
  | { status: "cancelled" }
  /** The queue has a million open jobs, or no room. Nothing was accepted: send the same again later. */
  | { status: "full"; retryAfterSeconds: number };

/**
 * `waiting`: for its time, a slot or a token. `running`: its call runs, or may run. `retrying`: waiting after a failed
 * attempt. `dead`: a dead letter, out of attempts or failed for good. A job that is `done` is deleted and only counted.
 */
export type JobState = "waiting" | "running" | "retrying" | "done" | "dead" | "cancelled";

/** A job that is not done. */
export interface Job extends JobKey {
  state: Exclude<JobState, "done">;
  lane: string;
  /** The run that asked for it first. Null: an operator retried it, or every run of it was cancelled. */
  run: string | null;
  enqueuedAt: number;
  /** Its next call begins not before this time. Null: its call runs, or it has ended. */
  dueAt: number | null;
  /** Failed attempts so far. */
  attempts: number;
  /** The last failure. Null: none. */
  error: { code: string; message: string } | null;
}

/** A failed attempt. */
export interface FailedAttempt {
  /** From 1. */
  number: number;
  startedAt: number;
  endedAt: number;
  code: string;
  /** At most 500 characters. */
  message: string;
  /** The status that the failure named. Null: none. */
  httpStatus: number | null;
}

/** A job with all that is known of it. */
export interface JobDetails extends Job {
  /** "": it has none. */
  payload: string;
  /** The failed attempts, the first one first. */
  failures: FailedAttempt[];
}

/** Jobs that have all that is given. */
export interface JobQuery {
  state?: Job["state"];
  lane?: string;
  run?: string;
  group?: string;
}

export interface JobPage {
  /** In an order of their own, which stays the same. */
  jobs: Job[];
  /** Where the list goes on. Null: it ends here. A page may be short or empty and still have a cursor. */
  cursor: string | null;
}

/** Jobs by state. */
export type JobCounts = Record<JobState, number>;

export interface RunView {
  run: string;
  lane: string;
  createdAt: number;
  /** When its last job ended. Null: a job is open. */
  endedAt: number | null;
  cancelledAt: number | null;
  /** Its jobs by state, those included that were deleted since. */
  jobs: JobCounts;
}

/** Why no job of a lane starts now. */
export interface Closed {
  /** `paused`: by `pause`. `throttled`, `breaker`: a result asked for it. `restored`: an older database was put back. */
  code: "paused" | "restored" | "budget" | "breaker" | "throttled";
  /** The reason of a pause. Null: none was given. */
  reason: string | null;
  /** When it ends by itself. Null: `resume` ends it. */
  until: number | null;
}

/** A pause. */
export interface Pause {
  /** Default: all lanes. */
  lane?: string;
  /** For those who look at the queue later. Default: none. */
  reason?: string;
  /** When the pause ends. Default: `resume` ends it. */
  until?: number;
}

/** A job for the function of the queue. */
export interface Call extends JobKey {
  /** "": the job has none. */
  payload: string;
  /** Send it with the call. The same key comes again only if it is not known what became of the call before. */
  idempotencyKey: string;
  /** From 1. */
  attempt: number;
  /** Aborts the call: its time is over, the job was cancelled, or the runner has lost its lease. */
  signal: AbortSignal;
}

/** Makes the call of a job. An error that it throws is an `unclear` result, and so is a call that takes too long. */
export type RunCall = (call: Call) => Promise<Result>;
