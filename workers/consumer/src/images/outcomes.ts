import type { Outcome } from "@prewarm/durable-queue";
import type { StoredVariant, VariantOutcome } from "./calls.ts";

/** A job that may be paid for keeps its generation. */
const AGAIN = { kind: "retry", external: "open", generation: "same", class: "transient" } as const;

/**
 * The verb of the queue for an outcome of a variant. Handlers know outcomes of variants, and the queue knows verbs, so
 * the ledger translates before it settles.
 */
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
