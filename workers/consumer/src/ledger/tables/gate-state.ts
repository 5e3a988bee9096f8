import type { Config } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import { GATE_AUTO } from "@prewarm/shared/limits";

/**
 * What the gate remembers for ever: one JSON document, written only when something of it changed. What changes with each POST is in
 * memory (protocol/gate-memory.ts); slots are counted from the entries in hands.
 */
export interface GateState {
  /** Lanes that operators paused; one whose end is past is none any more. */
  pauses: Partial<Record<Lane, Pause>>;
  breaker: Breaker;
  /** Unix ms of the end of the last `Retry-After`. */
  throttledUntil: number;
  /** An older copy of the ledger was put back: nothing is handed out before then, Unix ms. */
  heldUntil: number;
  /** Edges send no misses that anybody can make up. */
  quiet: Silence;
  /** Edges send no misses at all. */
  hush: Silence;
  overrides: Partial<Omit<GateSettings, LimitName>> & { [name in LimitName]?: number | "auto" };
  /** What the automatic gate found; null until it first moved. */
  auto: { [name in LimitName]: Found | null } & {
    /** Mean ms of a job while none of them queued at Ittybit; null: not known yet. */
    unqueuedMs: number | null;
  };
  /** What stood before the last change of an operator's, to be put back; null: nothing, or it was. */
  before: { at: number; who: string; pauses: GateState["pauses"]; overrides: GateState["overrides"] } | null;
  updatedAt: number;
}

interface Silence {
  /** Unix ms. */
  until: number;
  /** How often in a row. */
  times: number;
}

/** An operator's pause of a lane. Times are Unix ms. */
export interface Pause {
  who: string;
  since: number;
  reason: string | null;
  /** When it ends by itself; null: when somebody ends it. */
  until: number | null;
}

export interface Breaker {
  state: "closed" | "open";
  reason: string | null;
  status: number | null;
  since: number;
  /** When one probe is let through, Unix ms. */
  until: number;
  /** Openings since it was last closed: each doubles the wait. */
  openings: number;
  /** The generation under probe and when it is given up. */
  probe: { gen: number; until: number } | null;
  /** No result could be fetched: only one that is stored closes it, and not that Ittybit takes a job or ends one. */
  results?: true;
}

/** The two limits that may be automatic. */
export type LimitName = "concurrency" | "ratePerSecond";

/** A limit that was found, with the reason and the time (Unix ms) of its last move. */
export interface Found {
  value: number;
  why: string;
  since: number;
}

/** What holds now, in numbers. */
export interface GateSettings extends Omit<Config["gate"], LimitName> {
  concurrency: number;
  ratePerSecond: number;
}

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
    throttledUntil: 0,
    heldUntil: 0,
    quiet: { until: 0, times: 0 },
    hush: { until: 0, times: 0 },
    overrides: {},
    auto: { concurrency: null, ratePerSecond: null, unqueuedMs: null },
    before: null,
    updatedAt: now,
  };
}

/** The document as it was written; what an older version did not know stands as in a new one. */
export function gateFrom(body: string, now: number): GateState {
  return { ...newGate(now), ...(JSON.parse(body) as GateState) };
}

const DAY_MS = 86_400_000;

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

/** What holds now: the operator's changes over the configuration, and what was found where a limit is automatic. */
export function settingsOf(state: GateState, config: Config): GateSettings {
  const concurrency = Math.floor(limitValue(state, config, "concurrency"));
  const ratePerSecond = limitValue(state, config, "ratePerSecond");
  const settings = { ...config.gate, ...state.overrides, concurrency, ratePerSecond };
  if (boundsOf(state, config, "ratePerSecond") === null) return settings;
  // Beside a rate that was found, more than a second's worth at once would be answered 429 and cut the rate for nothing.
  return { ...settings, burst: Math.min(settings.burst, Math.max(1, Math.floor(ratePerSecond))) };
}

/** Between which values a limit finds itself, or null when it is a number. An operator's "auto" keeps the configuration's bounds. */
export function boundsOf(
  { overrides }: GateState,
  { gate }: Config,
  name: LimitName,
): { min: number; max: number } | null {
  const configured = gate[name];
  if (typeof (overrides[name] ?? configured) === "number") return null;
  const { min, max } = GATE_AUTO[name];
  return { min, max, ...(typeof configured === "object" ? configured : {}) };
}

/** The limit as a real number: an automatic concurrency grows by parts of a job. */
export function limitValue(state: GateState, config: Config, name: LimitName): number {
  const chosen = state.overrides[name] ?? config.gate[name];
  if (typeof chosen === "number") return chosen;
  const { min, max } = boundsOf(state, config, name) ?? GATE_AUTO[name];
  return Math.min(max, Math.max(min, state.auto[name]?.value ?? GATE_AUTO[name].start));
}
