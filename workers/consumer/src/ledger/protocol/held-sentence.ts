import type { Lane } from "@prewarm/shared/job";
import { type Held, pauseOf } from "./gate.ts";
import type { Gate } from "./gate-memory.ts";

/** Why a lane is closed, as a sentence for the edge and whoever looks at it: no names. */
export function heldSentence({ state }: Gate, lane: Lane, { code }: Held): string {
  if (code === "paused") return `Lane ${lane} is paused by an operator.`;
  if (code === "budget") return `The month's budget${lane === "live" ? "" : " for warming"} is spent.`;
  if (code === "breaker") return state.breaker.reason ?? "The breaker is open.";
  return "Ittybit asked to wait (Retry-After).";
}

/** The same for operators: who, since when, until when, why. */
export function whyHeld(gate: Gate, lane: Lane, held: Held): string {
  const until = held.until === null ? "" : ` until ${moment(held.until, gate.now)}`;
  if (held.code === "paused") {
    const pause = pauseOf(gate, lane);
    const by = pause === null ? "" : ` since ${moment(pause.since, gate.now)} by ${pause.who}`;
    const reason = pause?.reason ? `: ${pause.reason}` : "";
    return ended(`Lane ${lane} is paused${by}${until}${reason}`);
  }
  if (held.code === "budget")
    return ended(
      `${withoutEnd(heldSentence(gate, lane, held))}${until === "" ? "" : `; more from ${moment(held.until ?? 0, gate.now)}`}`,
    );
  if (held.code === "breaker") {
    const reason = withoutEnd(gate.state.breaker.reason ?? "Ittybit fails too often");
    return ended(`The breaker is open (${reason}); one job is tried at ${moment(held.until ?? gate.now, gate.now)}`);
  }
  return ended(`Ittybit asked to wait${until}`);
}

/** `14:05 UTC`; with the day where it is another one. */
export function moment(at: number, now: number): string {
  const [date, time] = new Date(at).toISOString().split("T");
  const day = date === new Date(now).toISOString().slice(0, 10) ? "" : `${date} `;
  return `${day}${time?.slice(0, 5)} UTC`;
}

function withoutEnd(sentence: string): string {
  return sentence.replace(/[.!?]$/, "");
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
