import type { Breaker } from "../tables/gate-state.ts";
import { backoff } from "./backoff.ts";

/*
 * What the breaker of the gate and those of origins have in common: each opening in a row doubles the wait, and after the
 * wait one job is tried.
 */

/** Why a breaker opens. */
export type Opening = Pick<Breaker, "status" | "results"> & { reason: string };

/** A breaker after one more opening. `now`: Unix ms. `first`, `longest`: its first and its longest wait, in ms. */
export function opened(
  before: Breaker,
  why: Opening & { until: number },
  now: number,
  wait: { first: number; longest: number },
): Breaker {
  const openings = before.openings + 1;
  const until = Math.max(why.until, now + backoff(openings, wait));
  const since = before.state === "open" ? before.since : now;
  return { ...why, state: "open", since, until, openings, probe: null };
}

/** When the next probe of an open breaker may begin, Unix ms: after the wait, and after a probe under way. */
export function probeAt({ until, probe }: Breaker): number {
  return Math.max(until, probe?.until ?? 0);
}
