import type { Config } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import type { Histogram } from "./histogram.ts";

/** What the gate remembers: one JSON document, written at most once per RPC. Slots are not in it: they are counted from rows. */
export interface GateState {
  paused: Lane[];
  breaker: Breaker;
  /** Unix ms of the end of the last `Retry-After`. */
  throttledUntil: number;
  /** GCRA's theoretical arrival time of the next submission, Unix ms. */
  tat: number;
  /** Answers of the present window, for the error ratio. */
  window: { since: number; ok: number; bad: number };
  /** Jobs granted in `month` (UTC, `2026-11`), by lane: live, upload, bulk. */
  used: { month: string; byLane: [number, number, number] };
  overrides: Partial<GateSettings>;
  /** Decaying histogram of job times: its median is when a fresh job is looked at first. */
  jobMs: Histogram;
  updatedAt: number;
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
}

export type GateSettings = Config["gate"];

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
    paused: [],
    breaker: { ...CLOSED_BREAKER },
    throttledUntil: 0,
    tat: 0,
    window: { since: now, ok: 0, bad: 0 },
    used: { month: monthOf(now), byLane: [0, 0, 0] },
    overrides: {},
    jobMs: [],
    updatedAt: now,
  };
}

/** The month of a time, UTC, as `2026-11`. */
export function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

/** When the month after this one begins, Unix ms. */
export function nextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** What holds now: the operator's changes over the configuration. */
export function settingsOf(gate: GateState, config: Config): GateSettings {
  const { concurrency, ratePerSecond, burst, monthlyJobs, warmingShare, alertLevels } = config.gate;
  return { concurrency, ratePerSecond, burst, monthlyJobs, warmingShare, alertLevels, ...gate.overrides };
}
