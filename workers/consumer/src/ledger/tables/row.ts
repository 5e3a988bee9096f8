import type { JobState, Lane } from "@prewarm/shared/job";
import { int, type SqlRow, type SqlValue, text, textOrNull } from "./sql.ts";

/*
 * A job's row in memory. States and lanes are small integers in the table, because a million rows of words are megabytes;
 * this file is the only one that knows which is which.
 */

export const QUEUED = 0;
export const PROCESSING = 1;
export const RETRYING = 2;
export const STORED = 3;
export const DEAD = 4;
export const CANCELLED = 5;
/** Dead because the original is missing or of no use: shown as `dead`, but no dead letter. */
export const REFUSED = 6;
export type StateCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export const LIVE = 0;
export const UPLOAD = 1;
export const BULK = 2;
export type LaneCode = 0 | 1 | 2;

export const NO_INTENT = 0;
export const CANCEL = 1;
export const PURGE = 2;

/** Nobody was told `run` for this generation; only the present owner was; others before it were. */
export const NOT_GRANTED = 0;
export const FIRST = 1;
export const AGAIN = 2;

export interface Row {
  seq: number;
  key: string;
  lane: LaneCode;
  state: StateCode;
  /** Number of the run that asked first; 0 is none. */
  run: number;
  /** 1 when `joins` holds further askers. */
  joined: number;
  gen: number;
  floor: number;
  granted: number;
  /** Unix ms of the generation's first grant: its idempotency key is good for 23 hours from then. */
  grantedAt: number;
  ittybitJob: string | null;
  submittedAt: number;
  input: string | null;
  /** Unix ms; while the row is owned: its `notBefore`. */
  due: number;
  hold: number;
  /** Wake-ups sent since the last claim. */
  sends: number;
  owner: string | null;
  intent: number;
  again: number;
  attempts: number;
  unclear: number;
  crashes: number;
  /** JSON `{code, message}`. */
  error: string | null;
  deadUntil: number;
  bytes: number;
  etag: string | null;
  /** Unix ms when it was last ordered; a replacement or a retry orders anew. */
  created: number;
  /** 0: not since it was created. */
  updated: number;
  storedAt: number;
}

/** All columns but `seq` and `key`, which never change. The first seven stand in a partial index or its condition. */
// biome-ignore format: one glance
export const COLUMN_NAMES = [
  "lane", "state", "run", "granted", "granted_at", "due", "owner",
  "joined", "gen", "floor", "ittybit_job", "submitted_at", "input", "hold", "sends", "intent", "again", "attempts", "unclear", "crashes",
  "error", "dead_until", "bytes", "etag", "created", "updated", "stored_at",
] as const;
export const COLUMNS = `seq, key, ${COLUMN_NAMES.join(", ")}`;
/** Positions in COLUMN_NAMES of the columns that indexes know. */
export const INDEXED = [0, 1, 2, 3, 4, 5, 6] as const;

export function rowFrom(raw: SqlRow): Row {
  // biome-ignore format: one glance
  return {
    seq: int(raw.seq), key: text(raw.key), lane: int(raw.lane) as LaneCode, state: int(raw.state) as StateCode, run: int(raw.run),
    granted: int(raw.granted), grantedAt: int(raw.granted_at), due: int(raw.due), owner: textOrNull(raw.owner), joined: int(raw.joined),
    gen: int(raw.gen), floor: int(raw.floor), ittybitJob: textOrNull(raw.ittybit_job), submittedAt: int(raw.submitted_at), input: textOrNull(raw.input),
    hold: int(raw.hold), sends: int(raw.sends), intent: int(raw.intent), again: int(raw.again), attempts: int(raw.attempts),
    unclear: int(raw.unclear), crashes: int(raw.crashes), error: textOrNull(raw.error), deadUntil: int(raw.dead_until), bytes: int(raw.bytes),
    etag: textOrNull(raw.etag), created: int(raw.created), updated: int(raw.updated), storedAt: int(raw.stored_at),
  };
}

/** The values of COLUMN_NAMES, in order. */
export function valuesOf(row: Row): SqlValue[] {
  // biome-ignore format: one glance
  return [
    row.lane, row.state, row.run, row.granted, row.grantedAt, row.due, row.owner,
    row.joined, row.gen, row.floor, row.ittybitJob, row.submittedAt, row.input, row.hold, row.sends, row.intent, row.again, row.attempts,
    row.unclear, row.crashes, row.error, row.deadUntil, row.bytes, row.etag, row.created, row.updated, row.storedAt,
  ];
}

/** A row just ordered: queued, due now, its first generation numbered as itself. */
export function newRow(seq: number, key: string, lane: LaneCode, now: number): Row {
  // biome-ignore format: one glance
  return {
    seq, key, lane, state: QUEUED, run: 0, granted: NOT_GRANTED, grantedAt: 0, due: now, owner: null, joined: 0, gen: seq, floor: 0,
    ittybitJob: null, submittedAt: 0, input: null, hold: 0, sends: 0, intent: NO_INTENT, again: 0, attempts: 0, unclear: 0, crashes: 0,
    error: null, deadUntil: 0, bytes: 0, etag: null, created: now, updated: 0, storedAt: 0,
  };
}

/** The states in which a job is still to end. */
export const OPEN_STATES = [QUEUED, PROCESSING, RETRYING] as const;

export function isOpen({ state }: { state: number }): boolean {
  return state < STORED;
}

const STATE_NAMES: readonly JobState[] = ["queued", "processing", "retrying", "stored", "dead", "cancelled", "dead"];
const LANE_NAMES: readonly Lane[] = ["live", "upload", "bulk"];

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
