import { noteThrottled } from "./auto-gate.ts";
import { throttle } from "./gate.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/** Ittybit answered 429, whoever was told: nothing goes until then (Unix ms), and an automatic limit may be too high. */
export function throttled(tx: LedgerTx, until: number): void {
  noteThrottled(tx.gateNow);
  throttle(tx.gateNow, until);
  tx.count("throttled");
}
