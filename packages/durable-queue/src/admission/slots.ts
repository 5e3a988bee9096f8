import { areOpen, shownCount } from "../memory/counters.ts";
import type { Claim } from "../tables/claim.ts";
import { URGENT } from "../tables/row.ts";
import { UNHEARD_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** Slots taken at the service, and how many of them have an unreported job. */
export interface Slots {
  used: number;
  unreported: number;
}

export interface SlotsTaken extends Slots {
  /** Of `used`: jobs that the queue gave up, and that may still run. No list has them. */
  abandoned: number;
}

/**
 * Counts the jobs that may run at the service: claims that are admitted and not observed to end, and abandoned claims.
 * The number is counted each time, so it cannot drift.
 */
export function slotsTaken(tx: Pick<QueueTx, "memory" | "now" | "hasExternalJobs">): SlotsTaken {
  const { memory } = tx;
  const taken: SlotsTaken = { used: 0, unreported: 0, abandoned: 0 };
  for (const { externalId } of memory.claims.abandoned()) {
    taken.used += 1;
    taken.abandoned += 1;
    if (externalId === null) taken.unreported += 1;
  }
  for (const claim of memory.claims.held()) {
    if (claim.state !== "admitted" || memory.isEnded(claim.gen)) continue;
    taken.used += 1;
    if (isUnreported(tx, claim)) taken.unreported += 1;
  }
  // No id is ever reported of a job that is a call, so each of its slots counts.
  return tx.hasExternalJobs ? taken : { ...taken, unreported: 0 };
}

/**
 * Whether the claim was admitted so long ago that the id of its job should be reported. After an eviction its owner has
 * the same time to report the id again.
 */
export function isUnreported({ memory, now }: Pick<QueueTx, "memory" | "now">, claim: Claim): boolean {
  const { state, externalId, gen, admittedAt } = claim;
  if (state !== "admitted" || externalId !== null || memory.isEnded(gen)) return false;
  return now - Math.max(admittedAt, memory.startedAt) > UNHEARD_MS;
}

/** Open jobs of the urgent lane that have their place in the budget already. */
export function urgentAdmitted({ memory }: Pick<QueueTx, "memory">): number {
  return memory.claims.held().filter(({ state, paidBy }) => state === "admitted" && paidBy === URGENT).length;
}

/** The number of open jobs, from the counts. It never counts rows. */
export function openJobs(tx: QueueTx): number {
  return tx.counts.filter(areOpen).reduce((sum, { n }) => sum + shownCount(n), 0);
}

/** The number of open jobs in the urgent lane. */
export function urgentOpen(tx: QueueTx): number {
  return tx.counts
    .filter((count) => count.lane === URGENT && areOpen(count))
    .reduce((sum, { n }) => sum + shownCount(n), 0);
}
