import { COLUMNS, type Row, rowFrom } from "./row.ts";
import { DEAD_ROWS, GRANTED, RETRYING_ROWS } from "./schema.ts";
import { int, type Sql, text } from "./sql.ts";

/* What an operator's search reads of `jobs`. These rows are only shown: the transaction does not hold them. */

/** Where to walk: the narrowest set that holds all matching rows. */
export type Source = "all" | "dead" | "retrying";

const FROM: Record<Source, string> = {
  all: "jobs WHERE",
  dead: `jobs INDEXED BY jobs_dead WHERE ${DEAD_ROWS} AND`,
  retrying: `jobs INDEXED BY jobs_retrying WHERE ${RETRYING_ROWS} AND`,
};

/** Numbers of rows, `lowest` included, `below` not. */
export interface Span {
  lowest: number;
  below: number;
}

/** What SQLite judges by itself, so that a row that does not match never becomes an object. "" and null ask for nothing. */
export interface Narrowed {
  states: ReadonlySet<number> | null;
  lanes: ReadonlySet<number> | null;
  /** Part of the key, in lower case. */
  word: string;
  /** End of the key. */
  ending: string;
  /** Beginning of the key. */
  beginning: string;
}

/** The number of the n-th row from above within a span, or null when it holds fewer. */
export function seqOfNth(sql: Sql, source: Source, { lowest, below }: Span, n: number): number | null {
  const query = `SELECT seq FROM ${FROM[source]} seq < ? AND seq >= ? ORDER BY seq DESC LIMIT 1 OFFSET ?`;
  const raw = sql.exec(query, below, lowest, n - 1)[0];
  return raw === undefined ? null : int(raw.seq);
}

/** Rows of a span, the newest order first. */
export function readSpan(sql: Sql, source: Source, { lowest, below }: Span, narrowed: Narrowed, limit: number): Row[] {
  const { states, lanes, word, ending, beginning } = narrowed;
  // Codes may stand in the statement's text, because they are numbers; words go by parameter.
  const inStates = states === null ? "" : `AND state IN (${[...states].join()})`;
  const inLanes = lanes === null ? "" : `AND lane IN (${[...lanes].join()})`;
  const query = `SELECT ${COLUMNS} FROM ${FROM[source]} seq < ?1 AND seq >= ?2 ${inStates} ${inLanes}
      AND (?4 = '' OR instr(lower(key), ?4) > 0) AND (?5 = '' OR substr(key, -length(?5)) = ?5)
      AND (?6 = '' OR substr(key, 1, length(?6)) = ?6) ORDER BY seq DESC LIMIT ?3`;
  return sql.exec(query, below, lowest, limit, word, ending, beginning).map(rowFrom);
}

/** Rows that hold a slot. */
export function readGranted(sql: Sql, limit: number): Row[] {
  return sql.exec(`SELECT ${COLUMNS} FROM jobs WHERE ${GRANTED} LIMIT ?`, limit).map(rowFrom);
}

/** Rows that ended without bytes, the newest order first. */
export function readDead(sql: Sql, limit: number): Row[] {
  const query = `SELECT ${COLUMNS} FROM jobs INDEXED BY jobs_dead WHERE ${DEAD_ROWS} ORDER BY seq DESC LIMIT ?`;
  return sql.exec(query, limit).map(rowFrom);
}

/** Rows whose key begins so; null when there are more than `limit`. */
export function readBeginning(sql: Sql, beginning: string, limit: number): Row[] | null {
  const range = "FROM jobs WHERE key >= ?1 AND key < ?2";
  const end = `${beginning}\u{10FFFF}`;
  const more = sql.exec(`SELECT key ${range} ORDER BY key LIMIT 1 OFFSET ?3`, beginning, end, limit);
  return more.length > 0 ? null : sql.exec(`SELECT ${COLUMNS} ${range}`, beginning, end).map(rowFrom);
}

/** Keys of the newest rows. */
export function newestKeys(sql: Sql, limit: number): string[] {
  return sql.exec("SELECT key FROM jobs ORDER BY seq DESC LIMIT ?", limit).map((raw) => text(raw.key));
}
