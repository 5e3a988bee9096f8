import { DAY_MS, HOUR_MS } from "../clock.ts";
import { FULL_BYTES, SHED_BYTES } from "../limits.ts";
import { deleteAged, deleteOld, endedJobs, type LargeTable, readAged, type SmallTable } from "../tables/aged.ts";
import { getDoc, putDoc } from "../tables/meta.ts";
import { CANCELLED, DEAD, REFUSED, URGENT } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * Every table has a limit: an age and a number of rows (docs/internals/storage-schema.md, "How large it gets"). A round applies the
 * rules in their order, slice by slice. A small table loses its oldest rows above the number at once. A large table has no
 * order of age. A sweep counts the rows that it leaves, and after too many of them the next sweep keeps rows for less time.
 */

export interface Rule {
  /** The table: a small one is read as a whole, a large one is swept. */
  of: { small: SmallTable } | { large: LargeTable };
  /** How long rows are kept. */
  ms: number;
  /** How long they are kept although there are more than `most`, or the queue has more than `shedBytes`. */
  leastMs: number;
  most: number;
  /** Default: SHED_BYTES. */
  shedBytes?: number;
}

/** The rules by name. A round applies them in this order. */
export type Rules = Record<string, Rule>;

/**
 * Jobs of the urgent lane stay for a day at most, because a stranger can ask for anything. The inbox keeps answers that a
 * repeated delivery gets again.
 */
export const RULES = {
  refused: { of: { large: endedJobs(`state = ${REFUSED}`) }, ms: DAY_MS, leastMs: HOUR_MS, most: 100_000 },
  cancelled: { of: { large: endedJobs(`state = ${CANCELLED}`) }, ms: DAY_MS, leastMs: HOUR_MS, most: 100_000 },
  urgent: {
    of: { large: endedJobs(`state = ${DEAD} AND lane = ${URGENT}`) },
    ms: DAY_MS,
    leastMs: HOUR_MS,
    most: 100_000,
  },
  inbox: { of: { large: { table: "inbox", at: "at" } }, ms: 14 * DAY_MS, leastMs: DAY_MS, most: 1_300_000 },
  dead: {
    of: { large: endedJobs(`state = ${DEAD} AND lane <> ${URGENT}`) },
    ms: 30 * DAY_MS,
    leastMs: DAY_MS,
    most: 500_000,
    shedBytes: FULL_BYTES,
  },
  runs: {
    of: { small: { table: "runs", key: "n", at: "updated", over: "open = 0 AND cancel_cursor = 0" } },
    // A run of a day limits the jobs of that day.
    ms: 30 * DAY_MS,
    leastMs: DAY_MS,
    most: 50_000,
  },
} satisfies Rules;

/** Rows that one transaction sweeps over, and that it deletes of a small table. */
const SLICE_ROWS = 2_000;
/** Hours between two rounds. `idle`: after a round that deleted nothing. */
const PAUSE_HOURS = { busy: 1, idle: 6 };

/** How far the round has come. It stands in a document, because an idle queue is another instance each minute. */
export interface Round {
  /** When the next round begins, Unix ms. */
  next: number;
  /** Index of the rule. */
  step: number;
  /** The round has deleted something. */
  busy: boolean;
  /** The sweep goes on above this key. */
  above: string;
  /** Rows that the sweep has left, and the time of the oldest of them, Unix ms. */
  left: number;
  oldest: number;
  /** How long the next sweep keeps rows, ms, where the last one left too many. */
  keep: Partial<Record<string, number>>;
}

export function readRound(tx: QueueTx): Round {
  const body = getDoc(tx.sql, "prune");
  return body === null ? { next: 0, busy: false, ...begin(0, tx.now), keep: {} } : (JSON.parse(body) as Round);
}

export function writeRound(tx: QueueTx, round: Round): void {
  putDoc(tx.sql, "prune", JSON.stringify(round));
}

/** One slice of the round. True while there is more. */
export function pruneSlice(tx: QueueTx, round: Round, rules: Rules = RULES): boolean {
  const name = Object.keys(rules)[round.step];
  if (name === undefined) {
    const pause = HOUR_MS * (round.busy ? PAUSE_HOURS.busy : PAUSE_HOURS.idle);
    Object.assign(round, { next: tx.now + pause, busy: false, ...begin(0, tx.now) });
    return false;
  }
  const rule = rules[name] as Rule;
  const isMore =
    "large" in rule.of ? sweep(tx, round, { name, of: rule.of.large, rule }) : cut(tx, round, rule.of.small, rule);
  if (!isMore) Object.assign(round, begin(round.step + 1, tx.now));
  return true;
}

function begin(step: number, now: number): Pick<Round, "step" | "above" | "left" | "oldest"> {
  return { step, above: "", left: 0, oldest: now };
}

/** A slice of a small table. False: the table is done. */
function cut({ sql, now }: QueueTx, round: Round, table: SmallTable, rule: Rule): boolean {
  const before = now - (isShedding(sql.bytes, rule) ? rule.leastMs : rule.ms);
  const deleted = deleteOld(sql, table, { before, most: rule.most, limit: SLICE_ROWS });
  round.busy ||= deleted > 0;
  return deleted === SLICE_ROWS;
}

/** A slice of a sweep. False at its end. */
function sweep(tx: QueueTx, round: Round, { name, of, rule }: { name: string; of: LargeTable; rule: Rule }): boolean {
  const keep = isShedding(tx.sql.bytes, rule) ? rule.leastMs : Math.min(rule.ms, round.keep[name] ?? rule.ms);
  const rows = readAged(tx.sql, of, round.above, SLICE_ROWS);
  const old: string[] = [];
  for (const { key, at } of rows) {
    if (at < tx.now - keep) old.push(key);
    else round.oldest = Math.min(round.oldest, at);
  }
  forget(tx, of, old);
  round.busy ||= old.length > 0;
  round.left += rows.length - old.length;
  round.above = rows.at(-1)?.key ?? "";
  if (rows.length === SLICE_ROWS) return true;
  // If rows arrived evenly, the newest `most` rows cover this share of the time.
  const share = (rule.most / round.left) * (tx.now - round.oldest);
  round.keep[name] = round.left > rule.most ? Math.max(rule.leastMs, share) : rule.ms;
  return false;
}

function isShedding(bytes: number, { shedBytes = SHED_BYTES }: Rule): boolean {
  return bytes > shedBytes;
}

function forget(tx: QueueTx, of: LargeTable, keys: readonly string[]): void {
  if (keys.length === 0) return;
  if (of.table !== "jobs") deleteAged(tx.sql, of, keys);
  else for (const row of tx.rows.loadIds(keys.map(idOfKey))) tx.rows.delete(row, null);
}

function idOfKey(key: string): number {
  const [id] = JSON.parse(key) as [number];
  return id;
}
