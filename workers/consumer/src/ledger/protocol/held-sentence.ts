import type { Lane } from "@prewarm/shared/job";
import { nextMonth } from "../tables/gate-state.ts";
import type { Held } from "./gate.ts";
import type { Gate } from "./gate-memory.ts";

/** Why a lane is closed, as a sentence for people. */
export function heldSentence({ state, now }: Gate, lane: Lane, { code, until }: Held): string {
  if (code === "paused") return `Lane ${lane} is paused by an operator.`;
  if (code === "budget") {
    const period = until === nextMonth(now) ? "month" : "day";
    return `The ${period}'s budget for ${lane === "live" ? "viewers" : "warming"} is spent.`;
  }
  if (code === "breaker") return state.breaker.reason ?? "The breaker is open.";
  return "Ittybit asked to wait (Retry-After).";
}
