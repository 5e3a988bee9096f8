import { wakesDue } from "../claims/pace.ts";
import { errorText } from "../log.ts";
import { PLATFORM_MS } from "../times.ts";
import type { QueueDeps } from "./queue-deps.ts";
import type { Transactions } from "./transactions.ts";

/**
 * Wakes the workers that the work needs. Never throws: the next call or alarm sends messages that could not be sent.
 */
export async function wake(transactions: Transactions, deps: QueueDeps): Promise<void> {
  let n = 0;
  try {
    n = transactions.read(wakesDue);
    if (n > 0) await deps.within(deps.send(n), PLATFORM_MS);
  } catch (error) {
    // A message that arrives after all costs one call without work.
    transactions.memory.wakes.splice(-n, n);
    deps.log("queue.send_failed", { wakeUps: n, error: errorText(error) });
  }
}
