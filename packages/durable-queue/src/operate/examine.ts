import { endLeases, isLive } from "../claims/leases.ts";
import { hasFewRows } from "../memory/counters.ts";
import { type Claim, isOver } from "../tables/claim.ts";
import { JOB_DEADLINE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { recount } from "./recount.ts";

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
