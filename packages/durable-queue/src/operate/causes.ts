import type { Lane } from "@prewarm/shared/job";
import { COUNTED_MAX, type Extent, type Failures, readFailures } from "../tables/failures.ts";
import { fingerprint } from "../tables/fingerprint.ts";
import { DEAD, laneCode, REFUSED, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { stateCounts } from "./job-state.ts";

/*
 * Failed jobs by cause: retrying, dead and refused jobs.
 */

export const FAILED_STATES = ["retrying", "dead", "refused"] as const;
export type FailedState = (typeof FAILED_STATES)[number];
const CODES = { retrying: WAITING, dead: DEAD, refused: REFUSED } as const;
/** Maximum of folders per cause. */
const FOLDERS_MAX = 5;

export interface CauseQuery extends Extent {
  states: readonly FailedState[];
  lanes: readonly Lane[];
  /** Number of a run, or null. */
  run: number | null;
  /** Counts the jobs that failed last at or after this time (Unix ms). 0: all. */
  from: number;
  /** Number of parts of the time since then. */
  parts: number;
}

/** Jobs with the same cause. */
export interface CauseCount {
  fingerprint: string;
  code: string;
  /** Of one of them. */
  message: string;
  /** Number of jobs that failed last within the time. `states`: by state. */
  count: number;
  states: Record<FailedState, number>;
  /** `count` per part of the time, the oldest first. */
  trend: number[];
  /** Over all known jobs of the cause, Unix ms. */
  first: number;
  last: number;
  formats: Record<string, number>;
  /** Folders with most of the jobs. */
  folders: [folder: string, n: number][];
  /** Id of one of the newest. */
  sample: number;
}

/** Causes with the most jobs first. */
export function countCauses(tx: QueueTx, query: CauseQuery): CauseCount[] {
  const found = new Map<string, Tally>();
  const names = new Map<string, Named>();
  const partMs = Math.max(1, Math.ceil((tx.now - query.from + 1) / query.parts));
  const lanes = query.lanes.length === 0 ? null : new Set<number>(query.lanes.map(laneCode));
  const { run, from, parts } = query;
  for (const state of query.states) {
    for (const group of readFailures(tx, CODES[state], query)) {
      if ((lanes !== null && !lanes.has(group.lane)) || (run !== null && group.run !== run)) continue;
      const named = nameOf(names, group.error);
      const tally = found.get(named.fingerprint) ?? newTally(named, group, parts);
      found.set(named.fingerprint, tally);
      // A slot of time is in the part in which its last job failed.
      const part = group.last < from ? -1 : Math.min(Math.floor((group.last - from) / partMs), parts - 1);
      add(tally, state, { ...group, part });
    }
  }
  const causes = [...found.values()].filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  return causes.map(({ byFolder, ...cause }) => ({ ...cause, folders: most(byFolder) }));
}

/** Whether all failed jobs are counted, or only some of a state. */
export function areCausesExact(tx: QueueTx, states: readonly FailedState[]): boolean {
  const counts = stateCounts(tx);
  return states.every((state) => Object.values(counts[state]).reduce((sum, n) => sum + n, 0) <= COUNTED_MAX);
}

interface Named {
  fingerprint: string;
  code: string;
  message: string;
}

function nameOf(names: Map<string, Named>, error: string): Named {
  const known = names.get(error);
  if (known !== undefined) return known;
  const { code, message } = JSON.parse(error) as { code: string; message: string };
  const named = { fingerprint: fingerprint(code, message), code, message };
  names.set(error, named);
  return named;
}

type Tally = Omit<CauseCount, "folders"> & { byFolder: Map<string, number> };

function newTally(named: Named, { first, last, sample }: Failures, parts: number): Tally {
  const states = { retrying: 0, dead: 0, refused: 0 };
  const trend = Array<number>(parts).fill(0);
  return { ...named, count: 0, states, trend, first, last, formats: {}, byFolder: new Map(), sample };
}

function add(tally: Tally, state: FailedState, group: Failures & { part: number }): void {
  const { format, folder, part, n, first, last, sample } = group;
  tally.first = Math.min(tally.first, first);
  if (last >= tally.last) Object.assign(tally, { last, sample });
  if (part < 0) return;
  tally.count += n;
  tally.states[state] += n;
  tally.trend[part] = (tally.trend[part] ?? 0) + n;
  tally.formats[format] = (tally.formats[format] ?? 0) + n;
  tally.byFolder.set(folder, (tally.byFolder.get(folder) ?? 0) + n);
}

function most(folders: Map<string, number>): [string, number][] {
  return [...folders].sort((a, b) => b[1] - a[1]).slice(0, FOLDERS_MAX);
}
