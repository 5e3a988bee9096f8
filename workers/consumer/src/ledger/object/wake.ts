import { errorText } from "../../platform/log.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { Steps } from "./steps.ts";

const SEND_TIMEOUT_MS = 10_000;

/** Wakes as many workers as there is work for. Never throws: what could not be sent is sent by the next call or alarm. */
export async function wake(steps: Steps, deps: LedgerDeps): Promise<void> {
  let n = 0;
  try {
    n = steps.wakesDue();
    if (n > 0) await deps.within(deps.send(n), SEND_TIMEOUT_MS);
  } catch (error) {
    // One that lands after all costs a call that brings nothing.
    steps.unsend(n);
    deps.log("ledger.send_failed", { wakeUps: n, error: errorText(error) });
  }
}
