import type { External, Outcome } from "@prewarm/durable-queue";
import type { Failure, FailureClass } from "@prewarm/shared/job";

/*
 * What handlers report of variants, and the verb of the queue for each. Handlers, their log and their markers know only
 * the words of this file; the queue knows only its verbs. The ledger translates before it settles.
 */

/** What became of a variant in a handler's hands. Times are Unix ms. */
export type VariantOutcome =
  | ({ kind: "stored"; tookMs: number } & StoredVariant)
  /** The result was already there. `posted`: false when this handler made no job. */
  | ({ kind: "present"; objectGen: number; posted: boolean } & StoredVariant)
  /** `external`: what the handler knows of the job. `origin`: the origin of its input failed, and neither the job nor Ittybit did. */
  | { kind: "failed"; class: FailureClass; failure: Failure; external: External; origin?: true }
  /** Nothing can be made of its original; not before `until` again. */
  | { kind: "refused"; code: string; until: number; message: string }
  /** The POST was not answered, or with a 5xx: perhaps there is a job. */
  | { kind: "unclear"; failure: Failure }
  /** A job from before a restore, which ended: it may be made from an older original. */
  | { kind: "outdated" }
  /** Our own code failed on it. An attempt, but of the same generation: what may be paid for is kept. */
  | { kind: "fault"; failure: Failure }
  | { kind: "throttled"; until: number }
  | { kind: "account"; status: number; message: string }
  /** R2 did not take the result, or it could not be fetched (`unfetched`): to be tried again from `due`. */
  | { kind: "pending"; due: number; unfetched?: UnfetchedResult }
  /** Given back without a POST. */
  | { kind: "unposted" }
  /** Given back after the POST. */
  | { kind: "stopped" };

/** What the ledger is told of a stored variant: `bytes` of its object. */
export interface StoredVariant {
  bytes: number;
}

/** Why a job that is done has no result to fetch. `status` is null when no answer came; the message names the host and its answer. */
interface UnfetchedResult {
  code: string;
  status: number | null;
  message: string;
}

/** What may be paid for is kept. */
const AGAIN = { kind: "retry", external: "open", generation: "same", class: "transient" } as const;

/** The verb of the queue for what became of a variant. */
export function verbOf(outcome: VariantOutcome): Outcome {
  switch (outcome.kind) {
    case "stored":
      return { kind: "done", external: "ended", tookMs: outcome.tookMs, result: storedOf(outcome) };
    case "present": {
      const external = outcome.posted ? "open" : "none";
      return { kind: "done", external, gen: outcome.objectGen, tookMs: null, result: storedOf(outcome) };
    }
    case "outdated":
      return { kind: "done", external: "ended", gen: null, tookMs: null };
    case "failed":
      return { ...outcome, kind: "retry", generation: "new", fault: outcome.origin === true ? "origin" : "job" };
    case "unclear":
      return { ...AGAIN, failure: outcome.failure, fault: "service" };
    case "fault":
      return { ...AGAIN, failure: outcome.failure, fault: "job" };
    case "refused":
      return { ...outcome, kind: "drop", external: "none" };
    case "throttled":
      return { ...outcome, kind: "wait", what: "queue", external: "none" };
    case "account":
      return { ...outcome, kind: "wait", what: "account", external: "none" };
    case "pending":
      return { kind: "wait", what: "job", external: "open", until: outcome.due, ...unfetchedOf(outcome) };
    case "unposted":
      return { kind: "wait", what: "job", external: "none", until: null };
    case "stopped":
      return { kind: "wait", what: "job", external: "open", until: null };
    default:
      return outcome satisfies never;
  }
}

function storedOf({ bytes }: StoredVariant): StoredVariant {
  return { bytes };
}

/** An `output_private` is a refusal without a signature: the project does not make its results public. */
function unfetchedOf({ unfetched }: Extract<VariantOutcome, { kind: "pending" }>) {
  if (unfetched === undefined) return {};
  return { unfetched: { message: unfetched.message, isDenied: unfetched.code === "output_private" } };
}
