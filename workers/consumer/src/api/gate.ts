import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import type { Act } from "@prewarm/shared/acts";
import type { GateView } from "../ledger/calls.ts";
import { demand } from "./access/guard.ts";
import type { Resource } from "./endpoint.ts";

export const gate = {
  "GET /api/v1/gate": async (_, { ledger }) => gateAnswer(await ledger.getGate()),
  "PATCH /api/v1/gate": async ({ body, caller }, { ledger }) => {
    for (const act of actsOf(body)) demand(caller, act);
    return gateAnswer(await ledger.patchGate(body, caller.who));
  },
} satisfies Resource;

/** What a change is. One that is undone may have been either. */
function actsOf({ paused, breaker, rate, concurrency, budget, spent, undo }: GatePatch): Act[] {
  const given = (...parts: unknown[]) => parts.some((part) => part !== undefined);
  return [
    ...(given(paused, breaker, undo) ? (["pause"] as const) : []),
    ...(given(rate, concurrency, budget, spent, undo) ? (["limits"] as const) : []),
  ];
}

/** The gate as the API shows it. */
export function gateAnswer({ slots: _, abandoned: __, ...gate }: GateView): Gate {
  return gate;
}
