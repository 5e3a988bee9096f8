import type { Cause } from "@prewarm/control-schema/causes";
import { DEAD, type QueueTx, REFUSED, stateCounts, WAITING } from "@prewarm/durable-queue";
import type { Lane } from "@prewarm/shared/job";
import { laneCode } from "../queue-settings.ts";
import { fingerprint } from "./fingerprint.ts";
import { COUNTED_MAX, type Extent, type Failures, readFailures } from "./tables/failures.ts";

/*
 * Failed jobs by cause: retrying, dead and refused jobs.
 */

const CODES = { retrying: WAITING, dead: DEAD, refused: REFUSED } as const;
export type FailedState = keyof typeof CODES;
export const FAILED_STATES: readonly FailedState[] = ["retrying", "dead", "refused"];
/** Maximum of folders per cause. */
const FOLDERS_MAX = 5;

export interface CauseQuery extends Extent {
  states: readonly FailedState[];
  /** Default: all lanes. */
  lanes?: readonly Lane[];
  /** Number of a run. Default: jobs of all runs. */
  run?: number | null;
  /** As the groups of failures have it. Default: jobs of all folders. */
  folder?: string | null;
  /** Counts the jobs that failed last at or after this time (Unix ms). Default: all. */
  from?: number;
  /** Number of parts of the time since then. Default 1. */
  parts?: number;
}

/** Jobs with the same cause. `sample`: the id of one of the newest. */
export type CauseCount = Omit<Cause, "sample" | "meaning" | "cure"> & { sample: number };

/** Causes with the most jobs first. */
export function countCauses(
  tx: QueueTx,
  { states, lanes = [], run = null, folder = null, from = 0, parts = 1, ...extent }: CauseQuery,
): CauseCount[] {
  const found = new Map<string, Tally>();
  const names = new Map<string, Named>();
  const partMs = Math.max(1, Math.ceil((tx.now - from + 1) / parts));
  const codes = new Set<number>(lanes.map(laneCode));
  for (const state of states) {
    for (const group of readFailures(tx, CODES[state], extent)) {
      if ((codes.size > 0 && !codes.has(group.lane)) || (run !== null && group.run !== run)) continue;
      if (folder !== null && group.folder !== folder) continue;
      const named = nameOf(names, group.error);
      const tally = found.get(named.cause) ?? newTally(named, group, parts);
      found.set(named.cause, tally);
      // A slot of time is in the part in which its last job failed.
      const part = group.last < from ? -1 : Math.min(Math.floor((group.last - from) / partMs), parts - 1);
      add(tally, state, { ...group, part });
    }
  }
  const causes = [...found.values()].filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  return causes.map(({ byFolder, ...cause }) => ({ ...cause, prefixes: most(byFolder) }));
}

/** Whether all failed jobs are counted, or only some of a state. */
export function areCausesExact(tx: QueueTx, states: readonly FailedState[]): boolean {
  const counts = stateCounts(tx);
  return states.every((state) => Object.values(counts[state]).reduce((sum, n) => sum + n, 0) <= COUNTED_MAX);
}

type Named = Pick<Cause, "cause" | "code" | "text">;

function nameOf(names: Map<string, Named>, error: string): Named {
  const known = names.get(error);
  if (known !== undefined) return known;
  const { code, message } = JSON.parse(error) as { code: string; message: string };
  const named = { cause: fingerprint(code, message), code, text: message };
  names.set(error, named);
  return named;
}

type Tally = Omit<CauseCount, "prefixes"> & { byFolder: Map<string, number> };

function newTally(named: Named, { first, last, sample }: Failures, parts: number): Tally {
  const states = { retrying: 0, dead: 0, refused: 0 };
  const trend = Array<number>(parts).fill(0);
  const seen = { firstSeen: first, lastSeen: last, sample };
  return { ...named, ...seen, count: 0, states, trend, formats: {}, byFolder: new Map() };
}

function add(tally: Tally, state: FailedState, group: Failures & { part: number }): void {
  const { format, folder, part, n, first, last, sample } = group;
  tally.firstSeen = Math.min(tally.firstSeen, first);
  if (last >= tally.lastSeen) Object.assign(tally, { lastSeen: last, sample });
  if (part < 0) return;
  tally.count += n;
  tally.states[state] += n;
  tally.trend[part] = (tally.trend[part] ?? 0) + n;
  tally.formats[format] = (tally.formats[format] ?? 0) + n;
  tally.byFolder.set(folder, (tally.byFolder.get(folder) ?? 0) + n);
}

function most(folders: Map<string, number>): Cause["prefixes"] {
  const first = [...folders].sort((a, b) => b[1] - a[1]).slice(0, FOLDERS_MAX);
  return first.map(([prefix, count]) => ({ prefix, count }));
}
