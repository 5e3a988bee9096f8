import type { Failure, Outcome } from "../calls.ts";
import type { JobKey } from "../job-key.ts";
import { errorText } from "../log.ts";

/** A job for the user's function. */
export interface Job extends JobKey {
  /** Send it with the call. The same key comes again only if it is not known what became of the call before. */
  idempotencyKey: string;
  /** From 1. */
  attempt: number;
  /** Aborts the call: its time is over, the job was cancelled, or the runner has lost its lease. */
  signal: AbortSignal;
}

/**
 * The result of a call. `done` ends the job. `failed` is a clear answer: nothing was done. It is an attempt, and the
 * next attempt has a new key. A `permanent` failure is a dead letter at once. `unclear`: the call may have had its
 * effect. It is an attempt too, and the next one has the same key. `later` (this job) and `throttled` (all jobs of the
 * queue) wait for `ms`. They are no attempts, and the key stays.
 */
export type Result =
  | { kind: "done" }
  | { kind: "failed"; failure: Failure; permanent?: boolean }
  | { kind: "unclear"; failure: Failure }
  | { kind: "later"; ms: number }
  | { kind: "throttled"; ms: number };

/** The user's function. An error that it throws is an `unclear` result, and so is a call that takes too long. */
export type RunJob = (job: Job) => Promise<Result>;

/** Runs one call and answers its outcome. `ms`: the time that it has. It never throws. */
export async function runJob(
  run: RunJob,
  job: Omit<Job, "signal">,
  { stop, ms, now }: { stop: AbortController; ms: number; now: () => number },
): Promise<Outcome> {
  const startedAt = now();
  const timer = setTimeout(() => stop.abort(new Error(`no answer within ${ms} ms`)), ms);
  try {
    // The race ends a function that ignores its signal.
    const result = await Promise.race([run({ ...job, signal: stop.signal }), aborted(stop.signal)]);
    return outcomeOf(result, startedAt, now());
  } catch (error) {
    return outcomeOf({ kind: "unclear", failure: { code: "unclear", message: errorText(error) } }, startedAt, now());
  } finally {
    clearTimeout(timer);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The call has ended, so each outcome frees the slot of the job. */
function outcomeOf(result: Result, startedAt: number, now: number): Outcome {
  const external = "ended";
  const failed = { kind: "retry", external, fault: "job" } as const;
  switch (result.kind) {
    case "done":
      return { kind: "done", external, tookMs: now - startedAt };
    case "failed": {
      const of = result.permanent === true ? "permanent" : "transient";
      return { ...failed, generation: "new", class: of, failure: result.failure };
    }
    case "unclear":
      return { ...failed, generation: "same", class: "transient", failure: result.failure };
    case "later":
      return { kind: "wait", what: "job", external, until: now + result.ms };
    case "throttled":
      return { kind: "wait", what: "queue", external: "none", until: now + result.ms };
    default:
      return result satisfies never;
  }
}
