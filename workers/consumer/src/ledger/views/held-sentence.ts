import { type Breaker, type Gate, nextMonth, pauseOf, probeAt, type Refusal } from "@prewarm/durable-queue";
import type { Lane } from "@prewarm/shared/job";
import { momentOf } from "@prewarm/shared/words";

/** Why a lane is closed, as a sentence for anybody. It names no person. */
export function heldSentence({ state, service, now }: Gate, lane: Lane, { code, until }: Refusal): string {
  if (code === "paused") return `Lane ${lane} is paused by an operator.`;
  if (code === "budget") {
    const period = until === nextMonth(now) ? "month" : "day";
    return `The ${period}'s budget for ${lane === "live" ? "viewers" : "warming"} is spent.`;
  }
  if (code === "restored") return "The ledger was put back to an earlier state a moment ago.";
  if (code === "breaker") return state.breaker.reason ?? "The breaker is open.";
  return `${service} asked to wait (Retry-After).`;
}

/** The same for operators, with person, beginning, end and reason. */
export function whyHeld(gate: Gate, lane: Lane, held: Refusal): string {
  const until = held.until === null ? "" : ` until ${momentOf(held.until)}`;
  if (held.code === "paused") {
    const pause = pauseOf(gate, lane);
    const by = pause === null ? "" : ` since ${momentOf(pause.since)} by ${pause.who}`;
    const reason = pause?.reason ? `: ${pause.reason}` : "";
    return ended(`Lane ${lane} is paused${by}${until}${reason}`);
  }
  if (held.code === "budget")
    return ended(
      `${withoutEnd(heldSentence(gate, lane, held))}${until === "" ? "" : `; more from ${momentOf(held.until ?? 0)}`}`,
    );
  if (held.code === "breaker") {
    const { status, reason: said } = gate.state.breaker;
    const reason = `${status === null ? "" : `${gate.service} answers ${status}: `}${withoutEnd(said ?? `${gate.service} fails too often`)}`;
    return ended(`The breaker is open (${reason}); one job is tried at ${momentOf(held.until ?? gate.now)}`);
  }
  if (held.code === "restored")
    return ended(`The ledger was put back to an earlier state: deletes and jobs from before are waited for${until}`);
  return ended(`${gate.service} asked to wait${until}`);
}

/** Why jobs of an origin wait while its breaker is open, for operators. */
export function originSentence(origin: string, breaker: Breaker): string {
  const said = withoutEnd(breaker.reason ?? "no input could be read");
  return `${origin} fails (${said}); one job is tried at ${momentOf(probeAt(breaker))}.`;
}

function withoutEnd(sentence: string): string {
  return sentence.replace(/[.!?]$/, "");
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
