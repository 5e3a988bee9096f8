import { LEDGER_FULL_BYTES, LEDGER_SHED_BYTES } from "@prewarm/shared/limits";
import { forgetActions } from "../tables/actions.ts";
import { type AgedTable, deleteAged, readAged, readAgedJobs } from "../tables/aged.ts";
import { forgetDeadMessages } from "../tables/dead-messages.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import { forgetEvents } from "../tables/events.ts";
import { forgetDays, rollMinutes } from "../tables/history.ts";
import { forgetRecent } from "../tables/recent.ts";
import { forgetRejections } from "../tables/rejections.ts";
import { BULK, CANCELLED, DEAD, LANE_CODES, LIVE, REFUSED, UPLOAD } from "../tables/row.ts";
import { forgetRuns } from "../tables/runs.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * Every table has an end: a time, and a number of rows (docs/storage-schema.md, "How large it gets"). Tables that are found by a number
 * that grows lose their oldest rows; the others are walked in the order of their keys, a slice at a time, once an hour at most. A walk
 * counts by age what it leaves, and the next one keeps no more of it than there may be.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KEEP_RECENT_MS = 3 * DAY_MS;
/** Of some 50 kB each. */
const RECENT_ROWS = 2_000;
const KEEP_ACTIONS = { ms: 90 * DAY_MS, most: 2_000 };
const KEEP_RUNS = { ms: 30 * DAY_MS, most: 50_000 };
const KEEP_REJECTIONS = { ms: 30 * DAY_MS, most: 2_000 };
const KEEP_EVENTS = { ms: 14 * DAY_MS, most: 20_000 };
const KEEP_MESSAGES_MS = 30 * DAY_MS;
const KEEP_HISTORY_MS = 400 * DAY_MS;

/** How long rows are kept; less, but at least `leastMs`, where they would be more than `most`. */
export interface Keep {
  ms: number;
  most: number;
  leastMs: number;
}

/**
 * In this order. Of what only viewers asked for nothing stays for more than a day, since a stranger can ask for anything; the inbox knows what was
 * answered, images know the order of uploads.
 */
export const WALKS = {
  refused: { ms: DAY_MS, most: 100_000, leastMs: HOUR_MS },
  cancelled: { ms: DAY_MS, most: 100_000, leastMs: HOUR_MS },
  viewed: { ms: DAY_MS, most: 100_000, leastMs: HOUR_MS },
  inbox: { ms: 14 * DAY_MS, most: 1_300_000, leastMs: DAY_MS },
  images: { ms: 90 * DAY_MS, most: 1_500_000, leastMs: DAY_MS },
  dead: { ms: 30 * DAY_MS, most: 500_000, leastMs: DAY_MS },
} as const satisfies Record<string, Keep>;
type Walk = keyof typeof WALKS;
const NAMES = Object.keys(WALKS) as Walk[];
const ENDED_JOBS = {
  refused: { state: REFUSED, lanes: LANE_CODES },
  cancelled: { state: CANCELLED, lanes: LANE_CODES },
  viewed: { state: DEAD, lanes: [LIVE] },
  dead: { state: DEAD, lanes: [UPLOAD, BULK] },
} as const;

/** Rows that one transaction looks at, and forgets. */
const LOOK_ROWS = 5_000;
const FORGET_ROWS = 1_000;
/** A round at most so often; after one that has forgotten nothing. */
const ROUND_MS = HOUR_MS;
const IDLE_ROUND_MS = 6 * HOUR_MS;
/** Ages by which a walk counts what it leaves. */
const AGES_MS = [1, 2, 4, 8, 12, 18, 24, 30, 36, 48, 72, 120, 200, 336, 720, 1_440, 2_160].map(
  (hours) => hours * HOUR_MS,
);

/** How far housekeeping has come. */
export interface House {
  /** When the next round begins, Unix ms. */
  next: number;
  /** Which walk it is at; beyond the last one: what needs none. */
  step: number;
  /** The walk goes on above this key. */
  above: string;
  /** Rows it has left, by age. */
  ages: number[];
  /** This round has forgotten something. */
  busy: boolean;
  /** What the last walks found to be kept for, ms. */
  keep: Partial<Record<Walk, number>>;
}

export function readHouse(tx: LedgerTx): House {
  const body = getDoc(tx.sql, "house");
  return body === null ? { next: 0, step: 0, above: "", ages: [], busy: false, keep: {} } : (JSON.parse(body) as House);
}

export function writeHouse(tx: LedgerTx, house: House): void {
  putDoc(tx.sql, "house", JSON.stringify(house));
}

/** One slice of the round: forgets what is past its use. True while there is more. */
export function pruneSlice(tx: LedgerTx, house: House, walks: Record<Walk, Keep> = WALKS): boolean {
  const name = NAMES[house.step];
  if (name === undefined) {
    if (forgetInOrder(tx, house)) return true;
    Object.assign(house, { next: tx.now + (house.busy ? ROUND_MS : IDLE_ROUND_MS), step: 0, busy: false });
    return false;
  }
  if (walkOn(tx, house, name, walks[name])) return true;
  house.keep[name] = keepFor(house.ages, walks[name]);
  Object.assign(house, { step: house.step + 1, above: "", ages: [] });
  return true;
}

/** What needs no walk. True when a table has more to forget than a slice takes. */
function forgetInOrder({ sql, now }: LedgerTx, house: House): boolean {
  const isShedding = sql.bytes > LEDGER_SHED_BYTES;
  const forgotten = [
    forgetRecent(sql, isShedding ? now : now - KEEP_RECENT_MS, { most: RECENT_ROWS, limit: FORGET_ROWS }),
    forgetRuns(sql, isShedding ? now : now - KEEP_RUNS.ms, { most: KEEP_RUNS.most, limit: FORGET_ROWS }),
    forgetRejections(sql, isShedding ? now : now - KEEP_REJECTIONS.ms, {
      most: KEEP_REJECTIONS.most,
      limit: FORGET_ROWS,
    }),
    forgetEvents(sql, now - KEEP_EVENTS.ms, { most: KEEP_EVENTS.most, limit: FORGET_ROWS }),
    forgetActions(sql, now - KEEP_ACTIONS.ms, { most: KEEP_ACTIONS.most, limit: FORGET_ROWS }),
    forgetDeadMessages(sql, now - KEEP_MESSAGES_MS, FORGET_ROWS),
  ];
  rollMinutes(sql, now);
  forgetDays(sql, now - KEEP_HISTORY_MS);
  house.busy ||= forgotten.some((n) => n > 0);
  return Math.max(...forgotten) >= FORGET_ROWS;
}

/** One slice of a walk; false at its end. */
function walkOn(tx: LedgerTx, house: House, name: Walk, keep: Keep): boolean {
  const before = tx.now - msOf(tx, house, name, keep);
  const rows = read(tx, name, house.above);
  const old: string[] = [];
  let looked = 0;
  for (const { id, at } of rows) {
    if (old.length === FORGET_ROWS) break;
    looked += 1;
    house.above = id;
    if (at < before) old.push(id);
    else count(house.ages, tx.now - at);
  }
  house.busy ||= old.length > 0;
  forget(tx, name, old);
  return looked < rows.length || rows.length === LOOK_ROWS;
}

/** For how long this walk keeps what it finds. Near the platform's limit what is only there to be seen goes at once, dead letters last. */
function msOf({ sql: { bytes } }: LedgerTx, { keep }: House, name: Walk, { ms, leastMs }: Keep): number {
  if (bytes > (name === "dead" ? LEDGER_FULL_BYTES : LEDGER_SHED_BYTES)) return name in SEEN_ONLY ? 0 : leastMs;
  return Math.min(ms, keep[name] ?? ms);
}
const SEEN_ONLY = { refused: true, cancelled: true };

function read(tx: LedgerTx, name: Walk, above: string): { id: string; at: number }[] {
  if (isTable(name)) return readAged(tx.sql, name, above, LOOK_ROWS);
  const rows = readAgedJobs(tx.sql, ENDED_JOBS[name], Number(above), LOOK_ROWS);
  return rows.map(({ id, at }) => ({ id: String(id), at }));
}

function forget(tx: LedgerTx, name: Walk, ids: readonly string[]): void {
  if (ids.length === 0) return;
  if (isTable(name)) {
    deleteAged(tx.sql, name, ids);
    return;
  }
  for (const row of tx.rows.loadIds(ids.map(Number))) tx.rows.delete(row, null);
}

function isTable(name: Walk): name is AgedTable {
  return !(name in ENDED_JOBS);
}

function count(ages: number[], age: number): void {
  const at = AGES_MS.findIndex((edge) => age <= edge);
  const place = at < 0 ? AGES_MS.length : at;
  while (ages.length <= place) ages.push(0);
  ages[place] = (ages[place] ?? 0) + 1;
}

/** The longest time for which there are no more than there may be. */
function keepFor(ages: readonly number[], { ms, most, leastMs }: Keep): number {
  let younger = 0;
  for (const [place, n] of ages.entries()) {
    younger += n;
    if (younger > most) return Math.min(ms, Math.max(leastMs, AGES_MS[place - 1] ?? 0));
  }
  return ms;
}
