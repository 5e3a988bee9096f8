import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import { ask } from "./session.ts";

/** Changes the gate. The server leaves out an undo of a change that is no longer the last, which is an error here. */
export async function patchGate(body: GatePatch): Promise<Gate> {
  const gate = await ask("PATCH /api/v1/gate", { body });
  if (body.undo !== undefined && gate.undo !== null)
    throw new Error(`Nothing was undone: ${gate.undo.who} has changed the gate since.`);
  return gate;
}
