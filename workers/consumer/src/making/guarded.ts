import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { errorText } from "../platform/log.ts";
import type { BatchContext, Work } from "./batch-context.ts";

/**
 * Keeps a fault of one key away from the other keys of the batch. An unforeseen error counts as an attempt of the same
 * generation, so that a bug ends as a dead letter with its text and is not tried for ever. An unreachable ledger concerns
 * the whole batch and is thrown.
 */
export async function guarded(context: BatchContext, work: Work, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof LedgerUnavailable) throw error;
    const message = errorText(error);
    context.log("job.unexpected", { key: work.key, error: message });
    context.outcomes.set(work.key, { kind: "unclear", failure: { code: "internal", message } });
  }
}

/** Waits until all have ended, then throws the first failure: none of them still works when the caller goes on. */
export async function all(acts: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(acts)) if (result.status === "rejected") throw result.reason;
}
