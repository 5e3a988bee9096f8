import { decodeId } from "@prewarm/shared/variant-key";
import type { JobFilter } from "../contract.ts";
import { laneCode, type Row, stateCodes } from "../tables/row.ts";
import type { Run } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";
import { fingerprint } from "./fingerprint.ts";

/** A filter with its run looked up and its words made ready. */
export interface Match {
  filter: JobFilter;
  run: Run | null;
  states: Set<number> | null;
  lanes: Set<number> | null;
  text: string[];
}

/** Null: the filter names a run that does not exist, so nothing matches. */
export function prepare(tx: Tx, filter: JobFilter): Match | null {
  const run = filter.run === null ? null : tx.runs.byId(filter.run);
  if (filter.run !== null && run === null) return null;
  return {
    filter,
    run,
    states: filter.states.length === 0 ? null : new Set(filter.states.flatMap(stateCodes)),
    lanes: filter.lanes.length === 0 ? null : new Set<number>(filter.lanes.map(laneCode)),
    text: filter.text.map((part) => part.toLowerCase()),
  };
}

export function matches(tx: Tx, row: Row, { filter, run, states, lanes, text }: Match): boolean {
  if (states !== null && !states.has(row.state)) return false;
  if (lanes !== null && !lanes.has(row.lane)) return false;
  if (filter.format !== null && !row.key.endsWith(`.${filter.format}`)) return false;
  if (filter.id !== null && !row.key.startsWith(encodeURIComponent(filter.id))) return false;
  if (text.length > 0 && !text.every((part) => readable(row.key).includes(part))) return false;
  if ((filter.error !== null || filter.fingerprint !== null) && !matchesError(row, filter)) return false;
  return run === null || tx.runs.askersOf(row).includes(run.n);
}

function matchesError(row: Row, { error, fingerprint: wanted }: JobFilter): boolean {
  const failure = errorOf(row);
  if (failure === null) return false;
  if (wanted !== null && fingerprint(failure.code, failure.message) !== wanted) return false;
  return error === null || `${failure.code} ${failure.message}`.toLowerCase().includes(error.toLowerCase());
}

/** A row's last failure. */
export function errorOf(row: Row): { code: string; message: string } | null {
  return row.error === null ? null : (JSON.parse(row.error) as { code: string; message: string });
}

/** The key as people write it. */
function readable(key: string): string {
  try {
    return decodeId(key).toLowerCase();
  } catch {
    return key.toLowerCase();
  }
}
