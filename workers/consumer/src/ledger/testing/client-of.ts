import type { Ledger } from "../ledger.ts";
import { type AskDeps, type LedgerCalls, ledgerClient } from "../ledger-for.ts";

/** Ids of calls, each given once in this process: two clients of one engine share none. */
let calls = 0;

/** The client that Workers use, over an engine in this process instead of an object of the platform. */
export function clientOf(engine: Ledger, deps: Partial<AskDeps> = {}): LedgerCalls {
  // Its patience passes without waiting.
  let now = 0;
  return ledgerClient(() => engine, {
    clock: { now: () => now, random: () => 0.5 },
    log: () => undefined,
    sleep: async (ms) => {
      now += ms;
    },
    newCallId: () => {
      calls += 1;
      return `call${calls}`;
    },
    ...deps,
  });
}
