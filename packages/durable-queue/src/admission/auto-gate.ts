import type { Gate } from "../memory/gate-memory.ts";
import { boundsOf, limitValue } from "../tables/gate-state.ts";
import type { LimitName } from "../tables/queue-config.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { type Refusal, throttle } from "./gate.ts";

/*
 * Finds the limits that the service does not publish, by additive increase and multiplicative decrease (AIMD), for
 * concurrency and rate alike (decisions/10-gate-and-budget.md). A limit rises only while it holds jobs back and the service
 * accepts POSTs. A 429 lowers the limits that held jobs back, or both limits if neither did.
 */

/** A raise follows the last move after at least this time and this many accepted POSTs. Each move writes a row. */
const STEP_MS = 3_000;
const STEP_POSTS = 10;
/** Share of a limit that a 429 leaves. */
const KEEP = 0.8;
/** Shares that a raise adds. Ten small steps lead back close to the refused value: 0.8 × 1.02^10 = 0.98. */
const SMALL_STEP = 0.02;
const SMALL_STEPS = 10;
const LARGE_STEP = 0.1;
/** A limit counts as holding jobs back for this long after it last did. */
const LATELY_MS = 2_000;
/** A 429 within this time after one that counted belongs to the same burst: its POST left before the limit fell. */
const BURST_MS = 2_000;

/** The gate refused a job. A job that a higher lane outranks (`until` null) does not wait for a token itself. */
export function noteLimited({ memory, now }: Gate, { code, until }: Refusal): void {
  if (code === "slots") memory.auto.limitedAt.concurrency = now;
  if (code === "tokens" && until !== null) memory.auto.limitedAt.ratePerSecond = now;
}

/** The service accepted a POST. */
export function noteAccepted(gate: Gate): void {
  const { auto } = gate.memory;
  auto.accepted += 1;
  if (gate.now - auto.movedAt < STEP_MS || auto.accepted < STEP_POSTS) return;
  for (const name of heldLately(gate)) {
    // Steps are large before the first 429 (slow start). A value that an earlier instance found may be near the limit.
    const raises = auto.raises[name] ?? (gate.state.auto[name] === null ? SMALL_STEPS : 0);
    auto.raises[name] = raises + 1;
    const step = raises < SMALL_STEPS ? SMALL_STEP : LARGE_STEP;
    move(gate, name, { by: 1 + step, why: `Raised: work waited, and ${gate.service} took all it was given.` });
  }
}

/** The service answered 429. */
export function noteThrottled(gate: Gate): void {
  const { auto } = gate.memory;
  if (gate.now - auto.refusedAt < BURST_MS) return;
  auto.refusedAt = gate.now;
  const held = heldLately(gate);
  for (const name of held.length > 0 ? held : automatic(gate)) {
    auto.raises[name] = 0;
    move(gate, name, { by: KEEP, why: `Lowered: ${gate.service} answered 429.` });
  }
}

function automatic({ state, config }: Gate): LimitName[] {
  return (["concurrency", "ratePerSecond"] as const).filter((name) => boundsOf(state, config, name) !== null);
}

/** Automatic limits that held jobs back a moment ago. */
function heldLately(gate: Gate): LimitName[] {
  return automatic(gate).filter((name) => gate.now - gate.memory.auto.limitedAt[name] <= LATELY_MS);
}

function move({ state, config, memory, now }: Gate, name: LimitName, { by, why }: { by: number; why: string }): void {
  const bounds = boundsOf(state, config, name);
  if (bounds === null) return;
  const before = limitValue(state, config, name);
  const value = Math.floor(Math.min(bounds.max, Math.max(bounds.min, before * by)) * 1000) / 1000;
  if (value === before) return;
  state.auto[name] = { value, why, since: now };
  Object.assign(memory.auto, { movedAt: now, accepted: 0 });
}

/** Applies a 429 from any caller: no POST until then (Unix ms), and a lower automatic limit. */
export function throttled(tx: QueueTx, until: number): void {
  noteThrottled(tx.gateNow);
  throttle(tx.gateNow, until);
  tx.onEvent({ kind: "throttled" }, null);
}
