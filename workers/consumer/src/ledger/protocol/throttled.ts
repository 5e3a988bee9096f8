import { noteThrottled } from "./auto-gate.ts";
import { throttle } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/** Applies a 429 from any caller: no POST until then (Unix ms), and a lower automatic limit. */
export function throttled(tx: LedgerTx, until: number): void {
  noteThrottled(tx.gateNow);
  throttle(tx.gateNow, until);
  tx.count("throttled");
}
