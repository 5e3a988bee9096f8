import { ENDED, int, type QueueTx, type Row, type Sql, WAITING } from "@prewarm/durable-queue";
import { formatEnding } from "@prewarm/shared/variant-key";
import type { Match } from "../match-row.ts";
import { HAS_FAILED } from "./failures.ts";

/*
 * Reads of `jobs` for an operator's search. The rows are only shown: the transaction does not load them.
 */

/** Ids of rows, `above` excluded, `to` included. */
export interface Span {
  above: number;
  to: number;
}

/** Characters that SQLite has in lower case as JavaScript has. With a slash a word may be a piece of group and part. */
const PLAIN_WORD = /^[\w.!~*'() -]+$/;

/** The id of the n-th row above an id. Null: there are fewer rows. `ended`: only rows of this ended state. */
export function idOfNth(sql: Sql, ended: number | null, above: number, n: number): number | null {
  const raw = sql.exec(`SELECT id FROM jobs ${from(ended)} id > ? ORDER BY id LIMIT 1 OFFSET ?`, above, n - 1)[0];
  return raw === undefined ? null : int(raw.id);
}

/**
 * Rows of a span in the order of ids. SQLite checks a part of the match, so that few rows without a match become
 * objects. `matches` checks the rest.
 */
export function readSpan({ rows }: QueueTx, ended: number | null, { above, to }: Span, match: Match): Row[] {
  const { lanes, filter, text } = match;
  const [word = ""] = text.filter((one) => PLAIN_WORD.test(one));
  const ending = filter.format === null ? "" : formatEnding(filter.format);
  // The statement contains codes, because they are numbers. Words are parameters.
  const inLanes = lanes === null ? "" : `AND lane IN (${[...lanes].join()})`;
  const found = `${from(ended)} id > ?1 AND id <= ?2 ${inLanes}
      AND (?3 = '' OR instr(lower(grp), ?3) > 0 OR instr(lower(part), ?3) > 0)
      AND (?4 = '' OR substr(part, -length(?4)) = ?4) AND (?5 = '' OR substr(grp, 1, length(?5)) = ?5) ORDER BY id`;
  return rows.read(found, above, to, word, ending, filter.id ?? "");
}

function from(ended: number | null): string {
  return ended === null ? "WHERE" : `INDEXED BY jobs_ended WHERE ${ENDED} AND state = ${ended} AND`;
}

/** Ids of rows that wait after a failed attempt. Null: there are more than `limit`. */
export function retryingIds(sql: Sql, limit: number): number[] | null {
  const query = `SELECT id FROM jobs INDEXED BY jobs_failed WHERE ${HAS_FAILED} AND state = ${WAITING} AND attempts > 0 LIMIT ?`;
  const ids = sql.exec(query, limit + 1).map(({ id }) => int(id));
  return ids.length > limit ? null : ids;
}
