import type { QueueTx } from "../tx/queue-tx.ts";
import { noteThrottled } from "./auto-gate.ts";
import { throttle } from "./gate.ts";

/** Applies a 429 from any caller: no POST until then (Unix ms), and a lower automatic limit. */
export function throttled(tx: QueueTx, until: number): void {
  noteThrottled(tx.gateNow);
  throttle(tx.gateNow, until);
  tx.onEvent({ kind: "throttled" }, null);
}
