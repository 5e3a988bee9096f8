import { clockWentBack } from "../admission/gate.ts";
import { type Claim, isOver, type Owner } from "../tables/claim.ts";
import { CANCELLING, type Row } from "../tables/row.ts";
import { LEASE_MS, SLEPT_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { cancelRow, endClaim, endStale, fail, isStale } from "./transitions.ts";

/** Crashes that a row may cause alone. */
const LONE_CRASHES = 3;

/** Notes that the queue is awake, at every call and alarm. */
export function noteAwake(tx: QueueTx): void {
  const { memory, now } = tx;
  if (now < memory.aliveAt) goBack(tx, memory.aliveAt - now);
  if (now - memory.aliveAt > SLEPT_MS) memory.sleptAt = now;
  memory.aliveAt = now;
}

/** The clock went back by so much, in ms: leases and wake-ups end no later for that, and jobs are as old as before. */
function goBack({ memory, gateNow, now }: QueueTx, ms: number): void {
  clockWentBack(gateNow, ms);
  for (const owner of memory.claims.owners()) owner.until -= ms;
  for (const claim of memory.claims.held()) {
    if (claim.due > now) claim.due -= ms;
    // A repeated POST must be the same, so the time of a grant stays until its job is known.
    if (claim.externalId !== null && claim.admittedAt > now) claim.admittedAt -= ms;
  }
  memory.wakes = memory.wakes.map((sentAt) => sentAt - ms);
  memory.sleptAt -= ms;
}

/** Whether the lease holds. Its owner may act. */
export function isLive(owner: Owner, now: number): boolean {
  return owner.until > now;
}

/** Takes back the jobs of ended leases, and the slots of abandoned jobs whose time is over. */
export function expireLeases(tx: QueueTx): void {
  noteAwake(tx);
  endLeases(tx);
  const { claims } = tx.memory;
  for (const claim of claims.abandoned()) if (isOver(claim, tx.now)) claims.remove(claim);
  endForgotten(tx);
}

/**
 * Ends the claims of jobs that are to be cancelled and whose handler an eviction has forgotten. The handler may act until
 * its lease ends, which is at the latest a lease's length after the eviction.
 */
function endForgotten(tx: QueueTx): void {
  const { claims, startedAt } = tx.memory;
  if (tx.now < startedAt + LEASE_MS) return;
  const forgotten = claims.orphaned().filter(({ state }) => state === "prefetched");
  tx.rows.loadIds(forgotten.map(({ id }) => id));
  for (const claim of forgotten) endStale(tx, claim, tx.rows.byId(claim.id), true);
}

/**
 * Ends leases whose time is over. A crash counts only if this instance gave the lease and the queue was reachable
 * during it: an outage kills handlers too.
 */
export function endLeases(tx: QueueTx): void {
  const { memory, now } = tx;
  for (const owner of memory.claims.owners()) {
    if (isLive(owner, now)) continue;
    const isAwake = memory.sleptAt <= owner.until - LEASE_MS;
    endLease(tx, owner, owner.instance === memory.startedAt && isAwake);
  }
}

/** Ends every lease. No crash counts. */
export function endAllLeases(tx: QueueTx): void {
  for (const owner of tx.memory.claims.owners()) endLease(tx, owner, false);
}

/**
 * Orphans the claims of an owner that has left or whose lease has ended. Prefetched claims end. `countCrashes`: each job
 * that the owner was working on counts a crash.
 */
export function endLease(tx: QueueTx, owner: Owner, countCrashes: boolean): void {
  const claims = [...owner.claims.values()];
  const rows = new Map(tx.rows.loadIds(claims.map(({ id }) => id)).map((row) => [row.id, row]));
  const acting = countCrashes ? claims.filter((claim) => isActing(tx, claim, rows.get(claim.id) ?? null)) : [];
  const quarantined = acting.filter(({ id }) => (rows.get(id)?.crashes ?? 0) > 0);
  tx.memory.claims.close(owner);
  for (const claim of claims) {
    const row = rows.get(claim.id) ?? null;
    const isLone = acting.length === 1 || (quarantined.length === 1 && quarantined[0] === claim);
    if (row === null || isStale(row, claim)) endStale(tx, claim, row, false);
    else if (row.state === CANCELLING) cancelRow(tx, row);
    else if (acting.includes(claim) && countCrash(tx, row, claim, isLone)) continue;
    else if (claim.state === "prefetched") endClaim(tx, claim, true);
  }
}

/** Whether the owner was working on the job. A job that only waits for the service cannot kill a handler. */
function isActing({ memory }: QueueTx, claim: Claim, row: Row | null): boolean {
  if (row === null || isStale(row, claim) || row.state === CANCELLING) return false;
  return claim.externalId === null || claim.foundByPoller || memory.finishToldTo.has(claim.gen);
}

/**
 * Counts a crash. `crashes` is 1 after a crash that another row may have caused. The row is quarantined then, and a
 * handler holds at most one such row. Each crash that only this row can have caused adds 1. True: the row is dead now.
 */
function countCrash(tx: QueueTx, row: Row, claim: Claim, lone: boolean): boolean {
  row.crashes = Math.max(1, row.crashes) + (lone ? 1 : 0);
  if (row.crashes <= LONE_CRASHES) return false;
  const message = `${LONE_CRASHES} handlers died at work on this job.`;
  row.attempts = Math.max(row.attempts, tx.config.limits.maxAttempts - 1);
  fail(tx, row, { claim, failure: { code: "crashed", message }, permanent: false });
  return true;
}
