import { nextAlarm } from "@prewarm/durable-queue/object/next-alarm";
import { ownTimes } from "../follow-ups.ts";
import type { LedgerTx } from "../ledger-tx.ts";

/** When the ledger's alarm should fire next, Unix ms. */
export function nextAlarmOf(tx: LedgerTx): number | null {
  return nextAlarm(tx, ownTimes(tx));
}
