import type { JobFilter } from "../../api/ledger-port.ts";
import { COLUMNS, DEAD, PROCESSING, REFUSED, RETRYING, type Row, rowFrom } from "../row.ts";
import { GRANTED } from "../schema.ts";
import type { SqlRow } from "../sql.ts";
import type { Tx } from "../tx.ts";
import { type Match, matches, prepare } from "./match-row.ts";
import { DEAD_ROWS, RETRYING_ROWS } from "./tables.ts";

/** Rows one call may read: claims wait behind it (docs/protocol.md). */
export const READ_MAX = 10_000;
const READ_STEP = 1_000;

export interface Found {
  rows: Row[];
  /** Go on below this seq; null: there is nothing more. */
  next: number | null;
}

/**
 * Rows that match, newest order first, from below `before`. Failures, what is at Ittybit, one image and one run are found by their index;
 * everything else walks down the table. Reads at most `READ_MAX` rows, so a page may be short and still have a `next`.
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

/** Ids that begin so: a range of the key index. */
function ofImage(tx: Tx, id: string): Row[] {
  const prefix = encodeURIComponent(id);
  const query = `SELECT ${COLUMNS} FROM jobs WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3`;
  return tx.sql.exec(query, prefix, `${prefix}\u{10FFFF}`, READ_MAX).map(rowFrom);
}

function fromSet(tx: Tx, set: Row[], match: Match, before: number, limit: number): Found {
  const found = set.filter((row) => row.seq < before && matches(tx, row, match)).sort((a, b) => b.seq - a.seq);
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.seq ?? null) : null };
}

function walk(tx: Tx, match: Match, before: number, limit: number): Found {
  const lowest = match.run?.firstSeq ?? 0;
  let below = Math.min(before, match.run === null ? before : match.run.lastSeq + 1);
  const rows: Row[] = [];
  for (let read = 0; read < READ_MAX; read += READ_STEP) {
    const step = readStep(tx, match, lowest, below);
    for (const raw of step) {
      const row = rowFrom(raw);
      below = row.seq;
      if (!matches(tx, row, match)) continue;
      rows.push(row);
      if (rows.length >= limit) return { rows, next: below };
    }
    if (step.length < READ_STEP) return { rows, next: null };
  }
  return { rows, next: below };
}

function readStep(tx: Tx, { states }: Match, lowest: number, below: number): SqlRow[] {
  const range = "seq < ?1 AND seq >= ?2 ORDER BY seq DESC LIMIT ?3";
  const only = (...codes: number[]) => states !== null && [...states].every((state) => codes.includes(state));
  const from = only(DEAD, REFUSED)
    ? `jobs INDEXED BY jobs_dead WHERE ${DEAD_ROWS} AND`
    : only(RETRYING)
      ? `jobs INDEXED BY jobs_retrying WHERE ${RETRYING_ROWS} AND`
      : "jobs WHERE";
  return tx.sql.exec(`SELECT ${COLUMNS} FROM ${from} ${range}`, below, lowest, READ_STEP);
}
