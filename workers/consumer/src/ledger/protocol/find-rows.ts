import type { JobFilter } from "../contract.ts";
import { type Narrowed, readBeginning, readGranted, readSpan, type Source, seqOfNth } from "../tables/find-jobs.ts";
import { DEAD, PROCESSING, REFUSED, RETRYING, type Row } from "../tables/row.ts";
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
  if (filter.id !== null) return readBeginning(tx.sql, encodeURIComponent(filter.id), WALK_MAX);
  if (states !== null && [...states].every((state) => state === PROCESSING)) {
    return readGranted(tx.sql, READ_MAX);
  }
  return null;
}

function fromSet(tx: Tx, set: Row[], match: Match, before: number, limit: number): Found {
  const found = set.filter((row) => row.seq < before && matches(tx, row, match)).sort((a, b) => b.seq - a.seq);
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.seq ?? null) : null };
}

function walk(tx: Tx, match: Match, before: number, limit: number): Found {
  const lowest = match.run?.firstSeq ?? 0;
  const highest = match.run === null ? before : Math.min(before, match.run.lastSeq + 1);
  const source = sourceOf(match);
  const narrowed = narrow(match);
  // The last of the rows that may be read: what lies below is for the next page.
  const end = seqOfNth(tx.sql, source, { lowest, below: highest }, WALK_MAX);
  const floor = end ?? lowest;
  const rows: Row[] = [];
  for (let below = highest; ; ) {
    const step = readSpan(tx.sql, source, { lowest: floor, below }, narrowed, WALK_MAX);
    for (const row of step) {
      below = row.seq;
      if (!matches(tx, row, match)) continue;
      rows.push(row);
      if (rows.length >= limit) return { rows, next: below };
    }
    if (step.length < WALK_MAX) return { rows, next: end };
  }
}

/** The narrowest source of rows in the order of arrival. */
function sourceOf({ states }: Match): Source {
  const only = (...codes: number[]) => states !== null && [...states].every((state) => codes.includes(state));
  if (only(DEAD, REFUSED)) return "dead";
  return only(RETRYING) ? "retrying" : "all";
}

/** Letters that stand in a key as people write them, but for the space, which is only ever part of an id. */
const PLAIN_WORD = /^[\w.!~*'() -]+$/;

/** What SQLite can judge of a match. `matches` judges the rest. */
function narrow({ states, lanes, filter, text }: Match): Narrowed {
  const [word = ""] = text.filter((part) => PLAIN_WORD.test(part));
  return {
    states,
    lanes,
    word: encodeURIComponent(word).toLowerCase(),
    ending: filter.format === null ? "" : `.${filter.format}`,
    beginning: encodeURIComponent(filter.id ?? ""),
  };
}
