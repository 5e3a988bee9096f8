import { errorOf, type QueueTx, type Row, type Run, stateOf } from "@prewarm/durable-queue";
import type { JobState } from "@prewarm/shared/job";
import type { NumberRange } from "@prewarm/shared/job-search";
import { formatEnding } from "@prewarm/shared/variant-key";
import { laneCode } from "../queue-settings.ts";
import type { JobFilter } from "./calls.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Stored } from "./tables/recent.ts";

/** A filter with the number of its run and prepared words. */
export interface Match {
  filter: JobFilter;
  run: Run | null;
  states: Set<JobState> | null;
  lanes: Set<number> | null;
  text: string[];
}

/** Null: the run of the filter does not exist, so no row matches. */
export function prepare(tx: QueueTx, filter: JobFilter): Match | null {
  const run = filter.run === null ? null : tx.runs.byId(filter.run);
  if (filter.run !== null && run === null) return null;
  return {
    filter,
    run,
    states: filter.states.length === 0 ? null : new Set(filter.states),
    lanes: filter.lanes.length === 0 ? null : new Set(filter.lanes.map(laneCode)),
    text: filter.text.map((part) => part.toLowerCase()),
  };
}

export function matches(tx: QueueTx, row: Row, match: Match): boolean {
  const { filter, run, states } = match;
  if (!matchesKey(row, match) || !matchesNumbers(row, match)) return false;
  if (states !== null && !states.has(stateOf(tx, row))) return false;
  if ((filter.error !== null || filter.fingerprint !== null) && !matchesError(row, filter)) return false;
  return run === null || tx.runs.subscribersOf(row).includes(run.n);
}

/** A job without a row. Its further subscribers are forgotten, so only the first run finds it. */
export function matchesStored(stored: Stored, match: Match): boolean {
  const isMatch = matchesKey(stored, match) && matchesNumbers({ ...stored, updated: stored.at }, match);
  return isMatch && (match.run === null || match.run.n === stored.run);
}

function matchesKey({ group, part, lane }: Pick<Row, "group" | "part" | "lane">, match: Match): boolean {
  const { filter, lanes, text } = match;
  if (lanes !== null && !lanes.has(lane)) return false;
  if (filter.format !== null && !part.endsWith(formatEnding(filter.format))) return false;
  if (filter.id !== null && !group.startsWith(filter.id)) return false;
  const all = `${group}/${part}`.toLowerCase();
  return text.every((piece) => all.includes(piece));
}

type Numbers = Pick<Row, "created" | "attempts"> & { updated?: number };

function matchesNumbers({ created, attempts, updated = 0 }: Numbers, { filter }: Match): boolean {
  if (!isWithin(Math.max(created, updated), filter.changed)) return false;
  return isWithin(created, filter.ordered) && isWithin(attempts, filter.attempts);
}

function isWithin(number: number, range: NumberRange | undefined): boolean {
  return range === undefined || (number >= range.from && number <= range.to);
}

function matchesError(row: Row, { error, fingerprint: wanted }: JobFilter): boolean {
  const failure = errorOf(row);
  if (failure === null) return false;
  if (wanted !== null && fingerprint(failure.code, failure.message) !== wanted) return false;
  return error === null || `${failure.code} ${failure.message}`.toLowerCase().includes(error.toLowerCase());
}
