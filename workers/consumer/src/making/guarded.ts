import { errorText } from "../platform/log.ts";
import type { Batch, Work } from "./batch-context.ts";
import { LedgerUnreachable } from "./handler-lease.ts";

/**
 * Keeps one key's mishap from its mates. What nobody foresaw counts as an attempt of the same generation, so that a bug ends
 * as a dead letter with its text instead of going round for ever. An unreachable ledger is everybody's.
 */
export async function guarded(batch: Batch, work: Work, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof LedgerUnreachable) throw error;
    const message = errorText(error);
    batch.deps.log("job.unexpected", { key: work.key, error: message });
    batch.outcomes.set(work.key, { kind: "unclear", failure: { code: "internal", message } });
  }
}

/** Waits for all, whatever becomes of each, then throws the first failure: nothing goes on behind the back of the caller. */
export async function all(acts: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(acts)) if (result.status === "rejected") throw result.reason;
}
