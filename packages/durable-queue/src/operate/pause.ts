import { closedFor, pauseOf } from "../admission/gate.ts";
import type { Closed, Pause } from "../jobs.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** Why no job of a lane starts now. Null: jobs start. */
export function closedNow({ gateNow, lanes }: QueueTx, lane = laneName(lanes, lastLane(lanes))): Closed | null {
  const held = closedFor(gateNow, lane);
  if (held === null) return null;
  const { code, until } = held;
  return { code: code as Closed["code"], until, reason: pauseOf(gateNow, lane)?.reason ?? null };
}

/** Judge the pause before (`checkPause`). */
export function pause({ gate, lanes, now }: QueueTx, { lane, reason, until }: Pause): void {
  const set = { who: "", since: now, reason: reason ?? null, until: until ?? null };
  for (const each of lane === undefined ? lanes.map(({ name }) => name) : [lane]) gate.pauses[each] = set;
}

export function resume({ gate, lanes }: QueueTx, lane?: string): void {
  for (const each of lane === undefined ? lanes.map(({ name }) => name) : [lane]) delete gate.pauses[each];
}
