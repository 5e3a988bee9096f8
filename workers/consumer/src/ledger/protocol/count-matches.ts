import type { JobFilter } from "../contract.ts";
import { type Count, readCounts } from "../tables/counters.ts";
import { laneName, stateName } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { findRows } from "./find-rows.ts";

/** How many jobs match. A filter of states and lanes alone is answered by the counters; anything else counts at most 10,000 rows. */
export function countMatches(tx: Tx, filter: JobFilter, keys: string[] | null): { total: number; exact: boolean } {
  if (keys === null && isPlain(filter)) return { total: counted(tx, filter), exact: true };
  const { rows, next } = findRows(tx, filter, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, keys);
  return { total: rows.length, exact: next === null };
}

function isPlain({ run, id, format, error, text, fingerprint }: JobFilter): boolean {
  return [run, id, format, error, fingerprint].every((part) => part === null) && text.length === 0;
}

function counted(tx: Tx, { states, lanes }: JobFilter): number {
  const isWanted = ({ state, lane }: Count) =>
    (states.length === 0 || states.includes(stateName(state))) &&
    (lanes.length === 0 || lanes.includes(laneName(lane)));
  return readCounts(tx.sql)
    .filter(isWanted)
    .reduce((sum, { n }) => sum + n, 0);
}
