import type { JobState } from "../calls.ts";
import type { JobKey } from "../job-key.ts";
import { int, intOrNull, type SqlRow, type SqlValue, text, textOrNull } from "./sql.ts";

/*
 * The row of a job in memory. States and lanes are small integers in the table, because words would cost megabytes per
 * million rows. This file knows the words of states, and lanes.ts those of lanes.
 */

export const WAITING = 0;
/**
 * A live handler holds the row and is told to stop. The row is cancelled when the handler reports an outcome or its
 * lease ends.
 */
export const CANCELLING = 1;
/** A dead letter. */
export const DEAD = 2;
/** The job cannot be made. */
export const REFUSED = 3;
export const CANCELLED = 4;
/** A counted state only: a stored row is deleted, because the store is the record of results. */
export const STORED = 5;
/** A counted state only: waiting after a failed attempt. */
export const RETRYING = 6;
export type StateCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;
export const STATE_CODES = 7;

/** The number of a lane: see lanes.ts. */
export type LaneCode = number;
/**
 * The urgent lane. No other lane has this number. SQLite takes a partial index only for a query that repeats its condition
 * word for word, so the condition must be the same text in every queue.
 */
export const URGENT = 0;

export interface Row extends JobKey {
  /** The place of the job: see job-ids.ts. */
  id: number;
  lane: LaneCode;
  /** Number of the first run. 0: no run. */
  run: number;
  /** 1: `joins` has further subscribers. */
  joined: number;
  state: StateCode;
  gen: number;
  floor: number;
  /** An open job is not handed out before this time, Unix ms. Null: the job has ended. */
  due: number | null;
  attempts: number;
  /** POSTs of this generation without an answer. */
  unclear: number;
  crashes: number;
  /** JSON `{code, message}`. */
  error: string | null;
  deadUntil: number;
  /** Unix ms of the last order. A replacement and a retry are new orders. */
  created: number;
  /** 0: not since the row was created. */
  updated: number;
}

/** Columns that may change, and their fields. `id`, `grp` and `part` never change. */
export const COLUMNS = {
  lane: "lane",
  run: "run",
  joined: "joined",
  state: "state",
  gen: "gen",
  floor: "floor",
  due: "due",
  attempts: "attempts",
  unclear: "unclear",
  crashes: "crashes",
  error: "error",
  dead_until: "deadUntil",
  created: "created",
  updated: "updated",
} as const satisfies Record<string, keyof Row>;
export const COLUMN_NAMES = Object.keys(COLUMNS);
/** The columns of `jobs` without the payload, which stays in the table. */
export const ALL_COLUMNS = ["id", "grp", "part", ...COLUMN_NAMES];
const FIELDS = Object.values(COLUMNS);

export function rowFrom(raw: SqlRow): Row {
  // biome-ignore format: one glance
  return {
    id: int(raw.id), group: text(raw.grp), part: text(raw.part), lane: int(raw.lane), run: int(raw.run), joined: int(raw.joined),
    state: int(raw.state) as StateCode, gen: int(raw.gen), floor: int(raw.floor), due: intOrNull(raw.due), attempts: int(raw.attempts),
    unclear: int(raw.unclear), crashes: int(raw.crashes), error: textOrNull(raw.error), deadUntil: int(raw.dead_until),
    created: int(raw.created), updated: int(raw.updated),
  };
}

/** The last failure of a row, or the reason of its refusal. */
export function errorOf({ error }: Row): { code: string; message: string } | null {
  return error === null ? null : (JSON.parse(error) as { code: string; message: string });
}

/** The values of COLUMN_NAMES, in order. */
export function valuesOf(row: Row): SqlValue[] {
  return FIELDS.map((field) => row[field]);
}

/** A new row, due now (Unix ms). */
export function newRow({ id, group, part }: JobKey & { id: number }, gen: number, lane: LaneCode, now: number): Row {
  // biome-ignore format: one glance
  return {
    id, group, part, lane, run: 0, joined: 0, state: WAITING, gen, floor: 0, due: now, attempts: 0, unclear: 0, crashes: 0, error: null,
    deadUntil: 0, created: now, updated: 0,
  };
}

/** The first ended state of rows. Ended rows have no bytes. The states before it are open. */
export const FIRST_ENDED = DEAD;

/** Whether the work of the row is open. */
export function isOpen({ state }: { state: number }): boolean {
  return state < FIRST_ENDED;
}

/** Whether the row counts as waiting: it is to be handed out, or a handler holds it. */
export function isWaiting({ state }: { state: number }): boolean {
  return state === WAITING || state === RETRYING;
}

/** Codes under which open rows are counted. */
export const OPEN_CODES = [WAITING, CANCELLING, RETRYING] as const;

/** Whether a job has failed that is counted under a code: it is retried, dead or refused. */
export function isFailed(code: StateCode | null | undefined): boolean {
  return code === DEAD || code === REFUSED || code === RETRYING;
}

/** The code under which a row is counted. */
export function countedAs({ state, attempts }: Pick<Row, "state" | "attempts">): StateCode {
  return state === WAITING && attempts > 0 ? RETRYING : state;
}

const STATE_NAMES: readonly JobState[] = [
  ...(["queued", "processing", "dead", "refused", "cancelled", "stored", "retrying"] as const),
];

/** The word for a counted code. */
export function stateName(code: number): JobState {
  return STATE_NAMES[code] ?? "queued";
}

/** The codes a state's word stands for. */
export function stateCodes(state: JobState): number[] {
  return STATE_NAMES.flatMap((name, code) => (name === state ? [code] : []));
}
