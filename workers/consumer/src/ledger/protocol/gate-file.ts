import { LANES } from "@prewarm/shared/job";
import type { GateFile } from "@prewarm/shared/markers";
import { getDoc, putDoc } from "../tables/docs.ts";
import { putOutbox } from "../tables/outbox.ts";
import type { Tx } from "../tables/tx.ts";
import { closedFor } from "./gate.ts";
import type { Gate } from "./gate-memory.ts";
import { heldSentence } from "./held-sentence.ts";

/** To the edge and to operators. */
export const HUSHED = "Far too many views asked for what is under way already.";

/** The gate file for the edge: the closed lanes. A throttle is too short to reach the edge in time. */
function gateFile(gate: Gate): GateFile {
  const closed = LANES.flatMap((lane) => {
    const held = closedFor(gate, lane);
    if (held !== null && held.code !== "throttled") return [{ lane, reason: heldSentence(gate, lane, held) }];
    return lane === "live" && gate.state.hush.until > gate.now ? [{ lane, reason: HUSHED }] : [];
  });
  const quietUntil = gate.state.quiet.until;
  return { closed: closed.map(({ lane }) => lane), reason: closed[0]?.reason ?? null, quietUntil, at: gate.now };
}

/** Publishes the gate file if it differs from the last one. */
export function gateChanged(tx: Tx, gate: Gate): void {
  const file = gateFile(gate);
  const says = JSON.stringify([file.closed, file.reason, file.quietUntil]);
  const said = getDoc(tx.sql, "gate-said");
  if (says === said || (said === null && file.closed.length + file.quietUntil === 0)) return;
  putDoc(tx.sql, "gate-said", says);
  putOutbox(tx, { kind: "gate", body: JSON.stringify(file) });
}

/**
 * Whether the published gate file closes a lane. No view asks for a closed lane, so only the alarm can publish that it
 * is open again.
 */
export function isToldClosed(tx: Tx): boolean {
  const said = getDoc(tx.sql, "gate-said") ?? "";
  return said !== "" && (JSON.parse(said) as [GateFile["closed"]])[0].length > 0;
}
