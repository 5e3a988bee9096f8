import type { Lane } from "@prewarm/shared/job";
import type { Held } from "./gate.ts";
import type { Gate } from "./gate-memory.ts";

/** Why a lane is closed, as a sentence for people. */
export function heldSentence({ state }: Gate, lane: Lane, { code }: Held): string {
  if (code === "paused") return `Lane ${lane} is paused by an operator.`;
  if (code === "budget") return `The month's budget${lane === "live" ? "" : " for warming"} is spent.`;
  if (code === "breaker") return state.breaker.reason ?? "The breaker is open.";
  return "Ittybit asked to wait (Retry-After).";
}
