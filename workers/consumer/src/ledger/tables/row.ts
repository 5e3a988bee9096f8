import type { JobState, Lane } from "@prewarm/shared/job";
import { int, intOrNull, type SqlRow, type SqlValue, text, textOrNull } from "./sql.ts";

/*
 * A job's row in memory. States and lanes are small integers in the table, because a million rows of words are megabytes;
 * this file is the only one that knows which is which.
 */

export const WAITING = 0;
/** In a live hand, which is told to stop: it is cancelled once its owner has said something or its lease is over. */
export const CANCELLING = 1;
/** A dead letter. */
export const DEAD = 2;
/** The original cannot be made into this variant. */
export const REFUSED = 3;
export const CANCELLED = 4;
/** Only counted: a stored row is deleted, because R2 is the record of what is stored. */
export const STORED = 5;
/** Only counted: waiting after a failed attempt. */
export const RETRYING = 6;
export type StateCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;
export const STATE_CODES = 7;

export const LIVE = 0;
export const UPLOAD = 1;
export const BULK = 2;
export type LaneCode = 0 | 1 | 2;
export const LANE_CODES = [LIVE, UPLOAD, BULK] as const;

export interface Row {
  /** Its place: see job-ids.ts. */
  id: number;
  key: string;
  lane: LaneCode;
  /** Number of the run that asked first; 0 is none. */
  run: number;
  /** 1 when `joins` holds further askers. */
  joined: number;
  state: StateCode;
  gen: number;
  floor: number;
  /** Unix ms; null: fresh, and found through `fresh`. */
  due: number | null;
  attempts: number;
  /** POSTs of this generation that were not answered. */
  unclear: number;
  crashes: number;
  /** JSON `{code, message}`. */
  error: string | null;
  deadUntil: number;
  /** Unix ms when it was last ordered; a replacement or a retry orders anew. */
  created: number;
  /** 0: not since it was created. */
  updated: number;
}

/** Columns that may change, and the fields that hold them; `id` and `key` never do. */
export const COLUMNS = {
  ...{ lane: "lane", run: "run", joined: "joined", state: "state", gen: "gen", floor: "floor", due: "due" },
  ...{ attempts: "attempts", unclear: "unclear", crashes: "crashes", error: "error", dead_until: "deadUntil" },
  ...{ created: "created", updated: "updated" },
} as const satisfies Record<string, keyof Row>;
export const COLUMN_NAMES = Object.keys(COLUMNS);
const FIELDS = Object.values(COLUMNS);

export function rowFrom(raw: SqlRow): Row {
  // biome-ignore format: one glance
  return {
    id: int(raw.id), key: text(raw.key), lane: int(raw.lane) as LaneCode, run: int(raw.run), joined: int(raw.joined),
    state: int(raw.state) as StateCode, gen: int(raw.gen), floor: int(raw.floor), due: intOrNull(raw.due), attempts: int(raw.attempts),
    unclear: int(raw.unclear), crashes: int(raw.crashes), error: textOrNull(raw.error), deadUntil: int(raw.dead_until),
    created: int(raw.created), updated: int(raw.updated),
  };
}

/** The values of COLUMN_NAMES, in order. */
export function valuesOf(row: Row): SqlValue[] {
  return FIELDS.map((field) => row[field]);
}

/** A row just ordered. */
export function newRow(place: { id: number; key: string }, gen: number, lane: LaneCode, now: number): Row {
  // biome-ignore format: one glance
  return {
    ...place, lane, run: 0, joined: 0, state: WAITING, gen, floor: 0, due: null, attempts: 0, unclear: 0, crashes: 0, error: null,
    deadUntil: 0, created: now, updated: 0,
  };
}

/** The first of the states in which a row stays that has ended without bytes; those before it are open. */
export const FIRST_ENDED = DEAD;

/** Its work is not done. */
export function isOpen({ state }: { state: number }): boolean {
  return state < FIRST_ENDED;
}

/** Counted as waiting: it is to be handed out, or is in hands. */
export function isWaiting({ state }: { state: number }): boolean {
  return state === WAITING || state === RETRYING;
}

/** Codes under which open rows are counted. */
export const OPEN_CODES = [WAITING, CANCELLING, RETRYING] as const;

/** The code under which a row is counted. */
export function countedAs({ state, attempts }: Pick<Row, "state" | "attempts">): StateCode {
  return state === WAITING && attempts > 0 ? RETRYING : state;
}

const STATE_NAMES: readonly JobState[] = [
  ...(["queued", "processing", "dead", "refused", "cancelled", "stored", "retrying"] as const),
];
const LANE_NAMES: readonly Lane[] = ["live", "upload", "bulk"];

/** The word for a counted code. */
export function stateName(code: number): JobState {
  return STATE_NAMES[code] ?? "queued";
}

export function laneName(code: number): Lane {
  return LANE_NAMES[code] ?? "bulk";
}

export function laneCode(lane: Lane): LaneCode {
  return LANE_NAMES.indexOf(lane) as LaneCode;
}

/** The codes a state's word stands for. */
export function stateCodes(state: JobState): number[] {
  return STATE_NAMES.flatMap((name, code) => (name === state ? [code] : []));
}
