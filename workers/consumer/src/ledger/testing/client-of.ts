import type { LedgerCalls } from "../contract.ts";
import { type AskDeps, ledgerClient } from "../ledger-for.ts";
import type { Engine } from "../object/engine.ts";

/** The client that Workers use, over an engine in this process instead of an object of the platform. */
export function clientOf(engine: Engine, deps: Partial<AskDeps> = {}): LedgerCalls {
  const now = { now: () => Date.now(), random: () => 0.5 };
  // The client waits for every answer, so that one which comes at once will do.
  return ledgerClient(() => engine as unknown as LedgerCalls, {
    ...{ clock: now, log: () => undefined, sleep: async () => undefined },
    ...deps,
  });
}
