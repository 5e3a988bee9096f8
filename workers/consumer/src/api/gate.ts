import { Gate, GatePatch } from "@prewarm/control-schema/gate";
import type { Act } from "@prewarm/shared/acts";
import type { GateView } from "../ledger/contract.ts";
import { demand } from "./access/guard.ts";
import { operator, viewer } from "./endpoint.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

export const gate = [
  viewer(
    {
      method: "get",
      path: "/api/v1/gate",
      tags: ["gate"],
      summary: "Pause, breaker, rate, concurrency, budget",
      responses: { 200: answer(Gate, "The gate"), ...refusals },
    },
    async (c, { ledger }) => c.json(gateAnswer(await ledger.getGate()), 200),
  ),
  operator(
    {
      method: "patch",
      path: "/api/v1/gate",
      tags: ["gate"],
      summary: "Change what is named; it holds at once, everywhere",
      request: { body: jsonBody(GatePatch) },
      responses: { 200: answer(Gate, "The gate after the change"), ...refusals },
    },
    async (c, { ledger }) => {
      const patch = c.req.valid("json");
      const caller = c.get("caller");
      for (const act of actsOf(patch)) demand(caller, act);
      const patched = await ledger.patchGate(patch, caller.who);
      return c.json(gateAnswer(patched), 200);
    },
  ),
];

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
