import { idOfName, type QueueTx, type Row, stateCodes } from "@prewarm/durable-queue";
import { OPEN_STATES } from "@prewarm/shared/job";
import type { JobFilter } from "./calls.ts";
import { type Match, matches, prepare } from "./match-row.ts";
import { idOfNth, readSpan } from "./tables/find-jobs.ts";

/** Maximum size of a set that is found by an index and read whole. */
export const READ_MAX = 10_000;
/**
 * Rows that one page may walk past. Exchanges wait meanwhile, and a page must take as long over a million rows as over
 * a thousand.
 */
export const WALK_MAX = 1_000;
/** Above every id. */
export const LAST_ID = Number.MAX_SAFE_INTEGER;

/** A part of the jobs: the matching rows up to and including `to`, in the order of ids. */
export interface Stretch {
  rows: Row[];
  to: number;
  /** More rows exist above `to`. */
  more: boolean;
}

/**
 * Finds the matches among the next `max` rows above an id, or among the rows up to `to`. Ids are hashes, so their order
 * has no meaning. An index finds rows that ended without bytes; every other search walks the table. No row has a null
 * match.
 */
export function walkRows(
  tx: QueueTx,
  match: Match | null,
  { above, to }: { above: number; to: number | null },
  max: number,
): Stretch {
  if (match === null) return { rows: [], to: LAST_ID, more: false };
  const sources = sourcesOf(match);
  const ends = sources
    .map((ended) => (to === null ? idOfNth(tx.sql, ended, above, max) : to))
    .filter((id) => id !== null);
  const end = Math.min(LAST_ID, ...ends);
  const rows = sources.flatMap((ended) => readSpan(tx, ended, { above, to: end }, match));
  const found = rows.filter((row) => matches(tx, row, match)).sort((a, b) => a.id - b.id);
  return { rows: found, to: end, more: end < LAST_ID };
}

/**
 * Matching rows above an id that were ordered by a time (Unix ms), in the order of ids, among the next `walk` rows.
 * `next`: continue above it. Null: no more rows.
 */
export function findRows(
  tx: QueueTx,
  filter: JobFilter,
  { above, orderedBy, walk }: { above: number; orderedBy: number; walk: number },
  limit: number,
): { rows: Row[]; next: number | null } {
  const match = prepare(tx, filter);
  const isNamed = match !== null && filter.jobs !== null;
  const { rows, to, more } = isNamed ? named(tx, match) : walkRows(tx, match, { above, to: null }, walk);
  const found = rows.filter(({ id, created }) => id > above && created <= orderedBy);
  if (found.length > limit) return { rows: found.slice(0, limit), next: found[limit - 1]?.id ?? null };
  return { rows: found, next: more ? to : null };
}

/** The jobs that the filter names one by one. */
export function named(tx: QueueTx, match: Match): Stretch {
  const ids = (match.filter.jobs ?? []).map(idOfName).filter((id) => id !== null);
  const rows = tx.rows.loadIds([...new Set(ids)]).sort((a, b) => a.id - b.id);
  return { rows: rows.filter((row) => matches(tx, row, match)), to: LAST_ID, more: false };
}

/** The part of the index for each asked state. Null: an open state is asked for, so the whole table is walked. */
function sourcesOf({ states }: Match): (number | null)[] {
  if (states === null || OPEN_STATES.some((open) => states.has(open))) return [null];
  return [...states].flatMap(stateCodes);
}
