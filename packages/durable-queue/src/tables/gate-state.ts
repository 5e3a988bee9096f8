import { DAY_MS } from "../clock.ts";
import type { AutoLimit, LimitName, QueueConfig } from "./queue-config.ts";

/**
 * The permanent state of the gate: one JSON document, written only after a change. Values that change with each POST
 * are in memory (gate-memory.ts). Slots are counted from claims.
 */
export interface GateState {
  /** Paused lanes, by name. A pause whose end has passed does not count. */
  pauses: Record<string, Pause>;
  breaker: Breaker;
  /** The open breakers of origins, the servers that inputs come from, by their names. */
  origins: Record<string, Breaker>;
  /** Unix ms of the end of the last `Retry-After`. */
  throttledUntil: number;
  /** After a restore the queue hands nothing out before this time, Unix ms. */
  closedUntil: number;
  /**
   * An operator's changes of the configuration. `budget` is in the words of the queue's user, who makes `QueueTx.budget` of
   * them.
   */
  overrides: { [name in LimitName]?: number | "auto" } & { burst?: number; budget?: object };
  /** The state of the automatic limits. Null until their first change. */
  auto: { [name in LimitName]: Found | null };
  /** The values before an operator's last change, for an undo. Null: no change, or it was undone. */
  before: { at: number; who: string; pauses: GateState["pauses"]; overrides: GateState["overrides"] } | null;
  updatedAt: number;
}

/** An operator's pause of a lane. Times are Unix ms. */
export interface Pause {
  who: string;
  since: number;
  reason: string | null;
  /** When the pause ends. Null: an operator ends it. */
  until: number | null;
}

export interface Breaker {
  state: "closed" | "open";
  reason: string | null;
  status: number | null;
  since: number;
  /** When one probe is admitted, Unix ms. */
  until: number;
  /** Openings since the breaker was last closed. Each opening doubles the wait. */
  openings: number;
  /** The generation of the probe, and when the probe is given up. */
  probe: { gen: number; until: number } | null;
  /**
   * The breaker opened because no result could be fetched. Only a stored result closes it; an accepted or ended job
   * does not.
   */
  results?: true;
}

/** The value of an automatic limit, with the reason and the time (Unix ms) of its last change. */
export interface Found {
  value: number;
  why: string;
  since: number;
}

/** The current limits, as numbers. */
export type GateLimits = Record<LimitName | "burst", number>;

export const CLOSED_BREAKER: Breaker = {
  state: "closed",
  reason: null,
  status: null,
  since: 0,
  until: 0,
  openings: 0,
  probe: null,
};

export function newGate(now: number): GateState {
  return {
    pauses: {},
    breaker: { ...CLOSED_BREAKER },
    origins: {},
    throttledUntil: 0,
    closedUntil: 0,
    overrides: {},
    auto: { concurrency: null, ratePerSecond: null },
    before: null,
    updatedAt: now,
  };
}

/** Reads the stored document. Fields that it lacks get their initial values. */
export function gateFrom(body: string, now: number): GateState {
  return { ...newGate(now), ...(JSON.parse(body) as GateState) };
}

/** The month of a time, UTC, as `2026-11`. */
export function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

/** The day of a time, UTC, as `2026-11-25`. */
export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

/** When the day after this one begins, Unix ms. */
export function nextDay(now: number): number {
  return (Math.floor(now / DAY_MS) + 1) * DAY_MS;
}

/** When the month after this one begins, Unix ms. */
export function nextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The current limits: the configuration, then the operator's changes, then the values of automatic limits. */
export function limitsOf(state: GateState, config: QueueConfig): GateLimits {
  const concurrency = Math.floor(limitValue(state, config, "concurrency"));
  const ratePerSecond = limitValue(state, config, "ratePerSecond");
  const burst = state.overrides.burst ?? config.gate.burst;
  if (boundsOf(state, config, "ratePerSecond") === null) return { concurrency, ratePerSecond, burst };
  // A burst of more than one second of an automatic rate would be answered 429 and cut the rate for no reason.
  return { concurrency, ratePerSecond, burst: Math.min(burst, Math.max(1, Math.floor(ratePerSecond))) };
}

/** The bounds of an automatic limit. Null: the limit is a number. */
export function boundsOf({ overrides }: GateState, { gate }: QueueConfig, name: LimitName): AutoLimit | null {
  return (overrides[name] ?? gate[name]) === "auto" ? gate.auto[name] : null;
}

/** The limit as a real number, because an automatic concurrency grows by fractions. */
export function limitValue(state: GateState, config: QueueConfig, name: LimitName): number {
  const chosen = state.overrides[name] ?? config.gate[name];
  if (chosen !== "auto") return chosen;
  const { start, min, max } = config.gate.auto[name];
  return Math.min(max, Math.max(min, state.auto[name]?.value ?? start));
}
