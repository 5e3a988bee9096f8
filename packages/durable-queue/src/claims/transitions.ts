import { backoffMs, originBackoffMs } from "../admission/backoff.ts";
import { probeAt } from "../admission/breaker.ts";
import { waste } from "../admission/budget.ts";
import { breakerOf, originProbeUnused, takeOriginProbe } from "../admission/origins.ts";
import type { Failure } from "../calls.ts";
import { failedAttempt } from "../tables/attempts.ts";
import { type Claim, hasRow, newClaim, type Owner } from "../tables/claim.ts";
import {
  CANCELLED,
  CANCELLING,
  countedAs,
  DEAD,
  isOpen,
  type LaneCode,
  REFUSED,
  type Row,
  WAITING,
} from "../tables/row.ts";
import { JOB_DEADLINE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * The transitions of a row. Each function makes a whole transition, so that no caller can leave out half of it. The
 * functions change the row in memory; the transaction counts the changes and writes them at its commit.
 */

/** Why a paid job stored nothing, if nothing failed: its row was purged, replaced, cancelled or ordered again meanwhile. */
const SUPERSEDED = "superseded";

/**
 * Ends a claim. `ended`: its external job has ended, or never existed; otherwise the claim is abandoned and keeps its
 * slot. `lost`: why nothing was stored for the cost of its job. Null: the result is stored.
 */
export function endClaim(tx: QueueTx, claim: Claim, ended: boolean, lost: string | null = SUPERSEDED): void {
  const { memory, now } = tx;
  if (lost !== null) waste(tx, claim, lost);
  if (claim.state !== "admitted" || ended || memory.isEnded(claim.gen)) memory.claims.remove(claim);
  else memory.claims.abandon(claim, now + JOB_DEADLINE_MS);
  memory.forget(claim.gen);
  originProbeUnused(tx, claim.gen);
}

/**
 * Ends the claim of a row unless a live owner depends on it. That is so if the claim is orphaned, or if its owner only
 * prepares the job: the owner cannot POST without another answer of the queue. A written claim of a live owner stays.
 * It blocks its row until the owner reports an outcome or its lease ends.
 */
function endFreeClaim(tx: QueueTx, row: Row, lost?: string): void {
  const claim = tx.memory.claims.byJob(row.id);
  if (claim !== null && (claim.owner === null || !hasRow(claim))) endClaim(tx, claim, false, lost);
}

/**
 * Starts a new generation: a new external job under a new idempotency key. The claim of the old generation ends, or is
 * stale from now on. `lost`: why the job of a claim that ends stored nothing.
 */
export function newGeneration(tx: QueueTx, row: Row, lost?: string): void {
  endFreeClaim(tx, row, lost);
  row.gen = tx.next();
  row.unclear = 0;
}

/**
 * Ends a stale claim, which blocked its row. A row that was to be cancelled is cancelled now; other rows may be handed
 * out.
 */
export function endStale(tx: QueueTx, claim: Claim, row: Row | null, ended: boolean): void {
  endClaim(tx, claim, ended);
  if (row?.state === CANCELLING) cancelRow(tx, row);
}

/** Orders an ended row again from the beginning, due now. Its only subscriber is `run`, a number; 0 is no run. */
export function orderAgain(tx: QueueTx, row: Row, { lane, run }: Pick<Row, "lane" | "run">): void {
  newGeneration(tx, row);
  const [before, end] = [tx.rows.countedBefore(row), countedAs(row)];
  // If the job has ended in this transaction, the runs that it leaves count its end now. The commit counts the run that it stays in.
  const leaves = before === end ? [] : tx.runs.subscribersOf(row).filter((n) => n !== row.run || n !== run);
  for (const n of leaves) tx.runs.move(n, before, end);
  tx.runs.unsubscribe(row);
  row.run = run;
  row.lane = lane;
  row.state = WAITING;
  row.due = tx.now;
  row.attempts = 0;
  row.crashes = 0;
  row.error = null;
  row.deadUntil = 0;
  row.created = tx.orderedAt(tx.now);
}

/** Raises a row to a higher lane, also while an owner has a claim of it. A lower lane changes nothing. */
export function raise(tx: QueueTx, row: Row, lane: LaneCode): void {
  if (lane >= row.lane) return;
  row.lane = lane;
  const claim = tx.memory.claims.byJob(row.id);
  if (claim === null) return;
  claim.lane = lane;
  tx.memory.claims.note(claim);
}

/**
 * A new claim of a row. A generation from before a restore may have been used since, so the row gets a new one first.
 */
export function claimOf(tx: QueueTx, row: Row, owner: Owner): Claim {
  if (row.gen < tx.memory.meta.restored) newGeneration(tx, row);
  takeOriginProbe(tx, row);
  return newClaim(row, owner);
}

export function cancelRow(tx: QueueTx, row: Row): void {
  newGeneration(tx, row);
  row.state = CANCELLED;
  row.due = null;
  tx.onEvent({ kind: "cancelled" }, row);
}

/**
 * Cancels an open row. If a live handler holds the row, the cancel waits for the handler's outcome: a handler that
 * prepares a job may be storing its result without the service. False: the row is not open.
 */
export function cancelOpen(tx: QueueTx, row: Row): boolean {
  if (!isOpen(row)) return false;
  const claim = tx.memory.claims.byJob(row.id);
  if (claim === null || claim.owner === null) cancelRow(tx, row);
  else {
    row.state = CANCELLING;
    tx.memory.claims.keep(claim);
  }
  return true;
}

/** Makes the row a dead letter. */
export function die(tx: QueueTx, row: Row, permanent: boolean, lost?: string): void {
  newGeneration(tx, row, lost);
  row.state = DEAD;
  row.due = null;
  row.deadUntil = tx.now + tx.restMs(permanent);
  tx.onEvent({ kind: "dead" }, row);
}

/** Refuses a row that cannot be made. This is neither an attempt nor a dead letter. */
export function refuse(tx: QueueTx, row: Row, why: { code: string; message: string; until: number }): void {
  row.state = REFUSED;
  row.due = null;
  row.deadUntil = why.until;
  row.error = JSON.stringify({ code: why.code, message: why.message });
  tx.onEvent({ kind: "refused" }, row);
}

/** Counts a failed attempt. `origin`: the origin of the input failed. True: the row is dead now. */
export function fail(
  tx: QueueTx,
  row: Row,
  { claim, failure, permanent, origin }: { claim: Claim; failure: Failure; permanent: boolean; origin?: boolean },
): boolean {
  tx.addAttempt(failedAttempt(row, failure, { now: tx.now, claim }));
  tx.onEvent({ kind: "failed" }, row);
  if (permanent || row.attempts >= tx.config.limits.maxAttempts) {
    die(tx, row, permanent, failure.code);
    return true;
  }
  row.state = WAITING;
  row.due = tx.now + (origin ? originBackoffMs : backoffMs)(row.attempts, tx.random());
  if (origin) row.due = Math.max(row.due, probeDue(tx, row));
  return false;
}

/** Deletes a row. Its claim ends, or is stale from now on. `as`: the state that its runs count. */
export function deleteRow(tx: QueueTx, row: Row, as: Parameters<QueueTx["rows"]["delete"]>[1]): void {
  endFreeClaim(tx, row);
  tx.rows.delete(row, as);
}

/** The lowest generation whose result counts: the fence of the row, or the one that the user of the queue sets. */
export function floorOf(tx: QueueTx, row: Row): number {
  return Math.max(row.floor, tx.fenceOf(row));
}

/** Whether the group is locked. No row of a locked group is handed out. */
export function isLocked(tx: QueueTx, { group }: Pick<Row, "group">): boolean {
  return tx.lockedUntil(group) > tx.now;
}

/** No job is handed out before this time, Unix ms: its group is locked, or the origin of its input is left alone. */
export function putOffUntil(tx: QueueTx, { group }: Pick<Row, "group">): number {
  const breaker = breakerOf(tx, group);
  return Math.max(tx.lockedUntil(group), breaker === null ? 0 : probeAt(breaker));
}

/** When a job whose origin is left alone may be the probe, Unix ms. 0: its origin does not fail. */
export function probeDue(tx: QueueTx, { group }: Pick<Row, "group">): number {
  return breakerOf(tx, group)?.until ?? 0;
}

/** Whether the row of the claim has moved on or was deleted. */
export function isStale(row: Row | null, claim: Claim): boolean {
  return row === null || row.gen !== claim.gen;
}
