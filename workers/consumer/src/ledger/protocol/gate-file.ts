import type { Config } from "@prewarm/shared/config";
import { LANES } from "@prewarm/shared/job";
import type { GateFile } from "@prewarm/shared/markers";
import { getDoc, putDoc } from "../tables/docs.ts";
import type { GateState } from "../tables/gate-state.ts";
import { putOutbox } from "../tables/outbox.ts";
import { laneCode } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { laneClosed, probeFree } from "./gate.ts";

/** What the edge is to know: lanes that take nothing new. A probe does not open a lane. */
function gateFile(gate: GateState, config: Config, now: number): GateFile {
  const closed = LANES.flatMap((lane) => {
    const why = laneClosed(gate, config, laneCode(lane), now);
    return why === null || (why.code === "breaker" && probeFree(gate, now)) ? [] : [{ lane, why }];
  });
  return { closed: closed.map(({ lane }) => lane), reason: closed[0]?.why.message ?? null, at: now };
}

/** Notes the gate file to be published when it says something else than the last one noted. */
export function gateChanged(tx: Tx): void {
  const file = gateFile(tx.gate, tx.config, tx.now);
  const says = JSON.stringify([file.closed, file.reason]);
  const said = getDoc(tx.sql, "gate-said");
  if (says === said || (said === null && file.closed.length === 0)) return;
  putDoc(tx.sql, "gate-said", says);
  putOutbox(tx, { kind: "gate", body: JSON.stringify(file) });
}
