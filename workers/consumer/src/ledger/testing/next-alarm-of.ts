import { nextAlarm } from "@prewarm/durable-queue/testing";
import type { ImageTx } from "../../images/image-tx.ts";
import { ownTimes } from "../follow-ups.ts";

/** When the ledger's alarm should fire next, Unix ms. */
export function nextAlarmOf(tx: ImageTx): number | null {
  return nextAlarm(tx, ownTimes(tx));
}
