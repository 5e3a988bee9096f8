/** States of a job (docs/internals/job-lifecycle.md). The first three are open, the others are ends. */
export const JOB_STATES = ["queued", "processing", "retrying", "stored", "dead", "refused", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** States in which a job still has work to do. */
export const OPEN_STATES = ["queued", "processing", "retrying"] as const satisfies readonly JobState[];

/** Where a job came from, in order of precedence: viewer misses, hooks, bulk warming. */
export const LANES = ["live", "upload", "bulk"] as const;
export type Lane = (typeof LANES)[number];

/**
 * How a failed attempt is tried again: `transient` up to `limits.maxAttempts`, `once` until a second attempt of the job
 * fails with the same code, `permanent` never.
 */
export type FailureClass = "permanent" | "once" | "transient";

/** Why an attempt at a job failed. */
export interface Failure {
  /** Our code, such as `upstream_failed`, `output_invalid`, `original_unsupported`; the fingerprint groups by it. */
  code: string;
  message: string;
  httpStatus?: number;
  /** The engine's own word for it. */
  kind?: string;
}
