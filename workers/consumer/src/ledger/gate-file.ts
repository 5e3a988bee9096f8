import { closedFor, getDoc, putDoc, putOutbox, type QueueTx } from "@prewarm/durable-queue";
import { LANES } from "@prewarm/shared/job";
import type { GateFile } from "@prewarm/shared/markers";
import type { ImageTx } from "../images/image-tx.ts";
import { heldSentence } from "./views/held-sentence.ts";

/** To the edge and to operators. */
export const SHEDDING = "Too many messages of viewers were useless, so edges shed misses without a signature.";

/**
 * The gate file for the edge: the closed lanes, and until when it sheds. A throttle is too short to reach the edge in
 * time.
 */
function gateFile({ gateNow: gate, imageMemory }: ImageTx): GateFile {
  const { until: shedUntil } = imageMemory.shed;
  const closed = LANES.flatMap((lane) => {
    const held = closedFor(gate, lane);
    return held === null || held.code === "throttled" ? [] : [{ lane, reason: heldSentence(gate, lane, held) }];
  });
  const reason = closed[0]?.reason ?? (shedUntil > gate.now ? SHEDDING : null);
  return { closed: closed.map(({ lane }) => lane), reason, shedUntil, at: gate.now };
}

/** Publishes the gate file if it differs from the last one. */
export function gateChanged(tx: ImageTx): void {
  const file = gateFile(tx);
  const says = JSON.stringify([file.closed, file.reason, file.shedUntil]);
  const said = getDoc(tx.sql, "gate-said");
  if (says === said || (said === null && file.closed.length + file.shedUntil === 0)) return;
  putDoc(tx.sql, "gate-said", says);
  putOutbox(tx, { kind: "gate", body: JSON.stringify(file) });
}

/**
 * Whether the published gate file closes a lane. No view asks for a closed lane, so only the alarm can publish that it
 * is open again.
 */
export function isToldClosed(tx: QueueTx): boolean {
  const said = getDoc(tx.sql, "gate-said") ?? "";
  return said !== "" && (JSON.parse(said) as [GateFile["closed"]])[0].length > 0;
}

/** After a restore the copy does not know what was published to the edge since, so the gate file is published again. */
export function publishAgain(tx: QueueTx): void {
  putDoc(tx.sql, "gate-said", "");
}
