import { LANES, type Lane } from "./job.ts";
import { DEAD_PERMANENT_MS, DEAD_TRANSIENT_MS } from "./limits.ts";

/** Says at the edge that a variant, or an image with all its variants, is not worth asking for. Lies under `dead/` in R2, as JSON. */
export interface DeadMarker {
  /**
   * Why. Of an image: `missing`, `capped` (viewers may order nothing more of it today), or `unsupported`, `unshowable`, `animated`, `too_large`.
   * Of a variant: its job's failure code.
   */
  code: string;
  /** Unix ms after which the marker counts no more. */
  until: number;
}

/** How long a dead letter's marker keeps viewers from asking again, in ms. `permanent`: trying again is in vain. */
export function deadMs(permanent: boolean): number {
  return permanent ? DEAD_PERMANENT_MS : DEAD_TRANSIENT_MS;
}

/** Reads a marker, or null when the text is none; an unreadable marker silences nothing. */
export function parseMarker(text: string): DeadMarker | null {
  const value = parseObject(text);
  if (typeof value?.code !== "string" || !isTime(value.until)) return null;
  return { code: value.code, until: value.until };
}

/** Reads what a block of a removed image says (`removed/`), or null when the text is none. */
export function parseBlock(text: string): { reason: string; who: string; at: number } | null {
  const value = parseObject(text);
  if (typeof value?.reason !== "string" || typeof value.who !== "string" || !isTime(value.at)) return null;
  return { reason: value.reason, who: value.who, at: value.at };
}

/** Where the consumer tells the edge which lanes are closed. */
export const GATE_KEY = "control/gate.json";

export interface GateFile {
  /** Lanes that take no new work now. */
  closed: Lane[];
  /** Why, for `Cache-Status` and the dashboard. */
  reason: string | null;
  /** Unix ms until which edges shed misses without a signature. 0: they shed none. */
  shedUntil: number;
  /** Unix ms when it was written. */
  at: number;
}

/** Reads the gate file, or null when the text is none; an unreadable gate closes nothing. */
export function parseGate(text: string): GateFile | null {
  const value = parseObject(text);
  if (value === null || !Array.isArray(value.closed) || !isTime(value.at)) return null;
  const listed: unknown[] = value.closed;
  const closed = LANES.filter((lane) => listed.includes(lane));
  const reason = typeof value.reason === "string" ? value.reason : null;
  return { closed, reason, shedUntil: isTime(value.shedUntil) ? value.shedUntil : 0, at: value.at };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
