import { endLeases, isLive } from "../claims/leases.ts";
import { type Counts, countRows, hasFewRows, listCounts } from "../memory/counters.ts";
import { type Claim, isOver } from "../tables/claim.ts";
import { OPEN_CODES, STORED } from "../tables/row.ts";
import { JOB_DEADLINE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { countMembers, readRuns } from "../tx/runs.ts";

/** The alarm corrects these faults within a minute. An examination corrects them after this. */
const LATE_MS = 300_000;

/** Faults of the queue that should not exist, counted. */
export interface Faults {
  /** Leases that ended long ago. */
  lateLeases: number;
  /** Slots of abandoned claims that should be free. */
  leakedSlots: number;
  /** Counts by state and lane, and ids of runs, that differ from the rows. */
  counts: { lanes: number; runs: string[] };
}

/** Above so many rows the counts are not compared until the queue has fewer, because all other calls wait meanwhile. Chosen. */
const COMPARED_MAX = 100_000;

/** Compares the queue with itself. `fix`: corrects the faults. */
export function examine(tx: QueueTx, fix: boolean): Faults {
  const { claims } = tx.memory;
  const late = claims.owners().filter((owner) => !isLive(owner, tx.now - LATE_MS));
  const leaked = claims.abandoned().filter((claim) => isLeaked(claim, tx.now));
  const counts = hasFewRows(tx.sql, COMPARED_MAX) ? recount(tx, fix) : { lanes: 0, runs: [] };
  if (fix && late.length > 0) endLeases(tx);
  if (fix) for (const claim of leaked) claims.remove(claim);
  return { lateLeases: late.length, leakedSlots: leaked.length, counts };
}

/**
 * Whether the slot leaked. Either its time has passed and the alarm has not freed it, or its time is later than any
 * code sets.
 */
function isLeaked(claim: Claim, now: number): boolean {
  return isOver(claim, now - LATE_MS) || claim.until > now + JOB_DEADLINE_MS + LATE_MS;
}

/*
 * Compares counts with rows. A stored job has no row, so the number of stored jobs is the rest of the run. Both counts
 * read the whole table of jobs.
 */

const RUNS_AT_ONCE = 1_000;

/** Counts by state and lane that differed, and ids of runs whose counts differed. `fix`: corrects them. */
export function recount(tx: QueueTx, fix: boolean): { lanes: number; runs: string[] } {
  return { lanes: recountLanes(tx, fix), runs: recountRuns(tx, fix) };
}

/** The number of counts by state and lane that differed. */
function recountLanes(tx: QueueTx, fix: boolean): number {
  const real = countRows(tx.sql);
  const known: Counts = Object.fromEntries(tx.counts.map(({ state, lane, n }) => [`${state} ${lane}`, n]));
  const places = new Set([...Object.keys(real), ...Object.keys(known)]);
  const wrong = listCounts(
    Object.fromEntries([...places].map((place) => [place, (real[place] ?? 0) - (known[place] ?? 0)])),
  );
  const differing = wrong.filter(({ state, n }) => state !== STORED && n !== 0);
  if (fix) for (const { state, lane, n } of differing) tx.addCount(state, lane, n);
  return differing.length;
}

/** The ids of the runs whose counts differed. */
function recountRuns(tx: QueueTx, fix: boolean): string[] {
  const rows = countMembers(tx.sql);
  const differing: string[] = [];
  // Page by page, because all runs at once would fill the object's memory.
  for (let below: number | null = Number.MAX_SAFE_INTEGER; below !== null; ) {
    const { runs, next } = readRuns(tx.sql, below, RUNS_AT_ONCE);
    for (const { n, id, states } of runs) {
      const real = realStates(states, rows.get(n) ?? []);
      if (real.every((count, code) => count === states[code])) continue;
      differing.push(id);
      const run = fix ? tx.runs.byNumber(n) : null;
      if (run !== null) run.states = real;
    }
    below = next;
  }
  return differing;
}

/**
 * The least number of members that the rows prove. An open member has a row. An ended member may have lost its row, or
 * left it to another run.
 */
function realStates(known: readonly number[], rows: readonly number[]): number[] {
  const isOpen = (code: number): boolean => OPEN_CODES.some((open) => open === code);
  const real = known.map((n, code) => (isOpen(code) ? (rows[code] ?? 0) : Math.max(n, rows[code] ?? 0)));
  const sum = (states: readonly number[]): number => states.reduce((total, n) => total + n, 0);
  real[STORED] = Math.max(0, (known[STORED] ?? 0) + sum(known) - sum(real));
  return real;
}
