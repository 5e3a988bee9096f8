import type { JobFilter } from "../contract.ts";
import { DEAD_ROWS, RETRYING_ROWS } from "../tables/operator-tables.ts";
import { COLUMNS, DEAD, PROCESSING, REFUSED, RETRYING, type Row, rowFrom } from "../tables/row.ts";
import { GRANTED } from "../tables/schema.ts";
import { int, type SqlRow } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";
import { type Match, matches, prepare } from "./match-row.ts";

/** Rows of a set that an index finds and that is read whole. */
export const READ_MAX = 10_000;
/** Rows one page may walk past: claims wait behind it, and a page takes as long over a million rows as over a thousand. */
const WALK_MAX = 1_000;

export interface Found {
  rows: Row[];
  /** Go on below this seq; null: there is nothing more. */
  next: number | null;
}

/**
 * Rows that match, newest order first, from below `before`. Failures, what is at Ittybit, one image and one run are found by their index;
 * everything else walks down the table. Walks past at most `WALK_MAX` rows, so a page may be short and still have a `next`.
 */
export function findRows(
  tx: Tx,
  filter: JobFilter,
  before: number,
  limit: number,
  keys: string[] | null = null,
): Found {
  const match = prepare(tx, filter);
  if (match === null) return { rows: [], next: null };
  const whole = keys !== null ? tx.rows.loadKeys(keys) : wholeSet(tx, match);
  return whole === null ? walk(tx, match, before, limit) : fromSet(tx, whole, match, before, limit);
}

/** Sets that are small enough to be read whole. */
function wholeSet(tx: Tx, { filter, states }: Match): Row[] | null {
  if (filter.id !== null) return ofImage(tx, filter.id);
  if (states !== null && [...states].every((state) => state === PROCESSING)) {
    return tx.sql.exec(`SELECT ${COLUMNS} FROM jobs WHERE ${GRANTED} LIMIT ?`, READ_MAX).map(rowFrom);
  }
  return null;
}

/** Ids that begin so: a range of the key index; null when too many do, which is better walked. */
function ofImage(tx: Tx, id: string): Row[] | null {
  const prefix = encodeURIComponent(id);
  const range = "FROM jobs WHERE key >= ?1 AND key < ?2";
  const end = `${prefix}\u{10FFFF}`;
  const more = tx.sql.exec(`SELECT key ${range} ORDER BY key LIMIT 1 OFFSET ?3`, prefix, end, WALK_MAX);
  return more.length > 0 ? null : tx.sql.exec(`SELECT ${COLUMNS} ${range}`, prefix, end).map(rowFrom);
}

function fromSet(tx: Tx, set: Row[], match: Match, before: number, limit: number): Found {
  const found = set.filter((row) => row.seq < before && matches(tx, row, match)).sort((a, b) => b.seq - a.seq);
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.seq ?? null) : null };
}

function walk(tx: Tx, match: Match, before: number, limit: number): Found {
  const lowest = match.run?.firstSeq ?? 0;
  const highest = match.run === null ? before : Math.min(before, match.run.lastSeq + 1);
  const from = sourceOf(match);
  // The last of the rows that may be read: what lies below is for the next page.
  const end = tx.sql.exec(
    `SELECT seq FROM ${from} seq < ? AND seq >= ? ORDER BY seq DESC LIMIT 1 OFFSET ?`,
    highest,
    lowest,
    WALK_MAX - 1,
  )[0];
  const floor = end === undefined ? lowest : int(end.seq);
  const rows: Row[] = [];
  for (let below = highest; ; ) {
    const step = readStep(tx, from, match, floor, below);
    for (const raw of step) {
      const row = rowFrom(raw);
      below = row.seq;
      if (!matches(tx, row, match)) continue;
      rows.push(row);
      if (rows.length >= limit) return { rows, next: below };
    }
    if (step.length < WALK_MAX) return { rows, next: end === undefined ? null : floor };
  }
}

/** The narrowest source of rows in the order of arrival. */
function sourceOf({ states }: Match): string {
  const only = (...codes: number[]) => states !== null && [...states].every((state) => codes.includes(state));
  if (only(DEAD, REFUSED)) return `jobs INDEXED BY jobs_dead WHERE ${DEAD_ROWS} AND`;
  return only(RETRYING) ? `jobs INDEXED BY jobs_retrying WHERE ${RETRYING_ROWS} AND` : "jobs WHERE";
}

/** Letters that stand in a key as people write them, but for the space, which is only ever part of an id. */
const PLAIN_WORD = /^[\w.!~*'() -]+$/;

/** What SQLite can judge is judged there: a row that does not match is never made into an object. `matches` judges the rest. */
function readStep(tx: Tx, from: string, match: Match, lowest: number, below: number): SqlRow[] {
  const { states, lanes, filter, text } = match;
  // Numbers may stand in the text; words go by parameter.
  const inStates = states === null ? "" : `AND state IN (${[...states].join()})`;
  const inLanes = lanes === null ? "" : `AND lane IN (${[...lanes].join()})`;
  const [word = ""] = text.filter((part) => PLAIN_WORD.test(part));
  const ending = filter.format === null ? "" : `.${filter.format}`;
  return tx.sql.exec(
    `SELECT ${COLUMNS} FROM ${from} seq < ?1 AND seq >= ?2 ${inStates} ${inLanes}
      AND (?4 = '' OR instr(lower(key), ?4) > 0) AND (?5 = '' OR substr(key, -length(?5)) = ?5)
      AND (?6 = '' OR substr(key, 1, length(?6)) = ?6) ORDER BY seq DESC LIMIT ?3`,
    below,
    lowest,
    WALK_MAX,
    encodeURIComponent(word).toLowerCase(),
    ending,
    encodeURIComponent(filter.id ?? ""),
  );
}
