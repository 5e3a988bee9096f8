import type { Failure } from "@prewarm/shared/job";
import { closeBreaker, isProbe, openBreaker, probeUnused, recordBad, recordGood } from "../admission/gate.ts";
import { originAnswered, originFailed } from "../admission/origins.ts";
import { throttled } from "../admission/throttled.ts";
import type { ExchangeRequest, Outcome } from "../calls.ts";
import { listAttempts } from "../tables/attempts.ts";
import type { Claim, Owner } from "../tables/claim.ts";
import { CANCELLING, type Row, STORED } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { takeBack } from "./charge.ts";
import {
  backToWaiting,
  cancelRow,
  deleteRow,
  endClaim,
  endStale,
  fail,
  floorOf,
  isStale,
  newGeneration,
  refuse,
} from "./transitions.ts";
import { noteFetched, noteGivenUp, noteUnfetched } from "./unfetched.ts";

/** Unclear POSTs of one generation until the generation is given up. */
const UNCLEAR_MAX = 6;

interface Case {
  claim: Claim;
  row: Row;
  /** The generation has no running job: the job has ended, or there never was a job. */
  over: boolean;
  /** The generation never had a job. */
  unmade: boolean;
}

/**
 * Applies the outcomes that a handler reports. An outcome of a job that the owner has no claim of is ignored, so a
 * repeated call changes nothing. Exception: the handler may have stored a result while it prepared a job that was
 * deleted since (`QueueTx.storedTooLate`).
 */
export function settle(tx: QueueTx, owner: Owner, settled: ExchangeRequest["settled"]): void {
  tx.rows.loadIds(settled.map(({ id }) => id));
  for (const { id, gen, outcome } of settled) {
    // The second of two outcomes of one job in one call finds no claim.
    const claim = owner.claims.get(id);
    if (claim?.gen === gen) settleClaim(tx, claim, outcome);
    else if (isThere(outcome, gen)) tx.storedTooLate(id, gen);
  }
}

/** The rules of docs/queue.md. The first rule that fits applies. */
function settleClaim(tx: QueueTx, claim: Claim, outcome: Outcome): void {
  learn(tx, claim, outcome);
  // Only the first handler of a generation knows that no job was made. A later handler does not know the result of the
  // earlier POST.
  const isAdmitted = claim.state === "admitted";
  const unmade = !isAdmitted || (madeNoJob(outcome) && claim.first && claim.externalId === null);
  if (unmade && isAdmitted) takeBack(tx, claim);
  const over = unmade || hasEnded(claim, outcome);
  const row = tx.rows.byId(claim.id);
  if (row === null || isStale(row, claim)) {
    endStale(tx, claim, row, over);
    if (isThere(outcome, claim.gen)) tx.storedTooLate(claim.id, claim.gen);
    return;
  }
  if (outcome.kind === "failed" && outcome.origin)
    originFailed(tx, { key: row.key, gen: claim.gen }, outcome.failure.message);
  const one: Case = { claim, row, over, unmade };
  if (outcome.kind === "stored") store(tx, one, { ...outcome, existing: false });
  else if (outcome.kind === "present" && outcome.objectGen >= floorOf(tx, row))
    store(tx, one, { ...outcome, existing: !outcome.posted });
  else {
    row.crashes = 0;
    if (row.state === CANCELLING) {
      endClaim(tx, claim, over, "cancelled");
      cancelRow(tx, row);
    } else apply(tx, one, outcome);
  }
}

/** Whether the store has a result of this generation. */
function isThere(outcome: Outcome, gen: number): boolean {
  return outcome.kind === "stored" || (outcome.kind === "present" && outcome.objectGen === gen);
}

function madeNoJob(outcome: Outcome): boolean {
  if (outcome.kind === "present" || outcome.kind === "failed") return !outcome.posted;
  return ["throttled", "account", "unposted", "refused"].includes(outcome.kind);
}

function hasEnded(claim: Claim, outcome: Outcome): boolean {
  if (isThere(outcome, claim.gen) || outcome.kind === "outdated") return true;
  if (outcome.kind === "fault" || outcome.kind === "pending") return outcome.ended === true;
  return outcome.kind === "failed" && outcome.ended && (outcome.posted || claim.externalId !== null);
}

/** Tells the gate about an outcome, whatever happens to the row. */
function learn(tx: QueueTx, claim: Claim, outcome: Outcome): void {
  const gate = tx.gateNow;
  if (outcome.kind === "throttled") throttled(tx, outcome.until);
  else if (outcome.kind === "account") openBreaker(gate, { status: outcome.status, reason: outcome.message });
  else if (outcome.kind === "unclear") recordBad(gate, claim.gen, outcome.failure.message);
  else if (outcome.kind === "failed" && outcome.posted) recordGood(gate, claim.gen);
  else if (outcome.kind === "stored") noteFetched(tx);
  else if (outcome.kind === "pending" && outcome.unfetched !== undefined) noteUnfetched(tx, claim, outcome.unfetched);
  if (outcome.kind === "failed" && claim.unfetchedSince !== null) noteGivenUp(tx, claim, outcome.failure);
  // A probe that ends without a stored object says nothing about the breaker. The next job is the probe then.
  if (isProbe(gate, claim.gen) && outcome.kind === "stored") closeBreaker(gate);
  else if (!stillRuns(tx, claim, outcome)) probeUnused(gate, claim.gen);
}

/** Whether the service has the job and nobody reported its end. */
function stillRuns({ memory }: QueueTx, { externalId, gen }: Claim, { kind }: Outcome): boolean {
  return externalId !== null && !memory.isEnded(gen) && (kind === "pending" || kind === "stopped");
}

/**
 * Deletes the row of a job whose result is stored. The store is the record from now on, also of a job that was to be
 * cancelled: the cancel comes too late.
 */
function store(tx: QueueTx, one: Case, object: { bytes: number; tookMs?: number; existing: boolean }): void {
  const { row, claim } = one;
  endClaim(tx, claim, one.over, null);
  const { id, key, lane, run, created, attempts } = row;
  tx.memory.stored.note(key, tx.now);
  tx.count("stored");
  tx.time("ready", tx.now - created);
  if (object.tookMs !== undefined) tx.time("run", object.tookMs);
  const made = { granted: claim.admittedAt, took: Math.max(0, Math.round(object.tookMs ?? 0)), paid: paidFor(tx, one) };
  tx.stored(
    { id, key, gen: claim.gen, created, at: tx.now, bytes: object.bytes, lane, run, attempts, ...made },
    tx.runs.subscribersOf(row),
    object.existing,
  );
  deleteRow(tx, row, STORED);
}

/** External jobs that were paid for a stored row: the last one, and those of its failed attempts that the service has made. */
function paidFor(tx: QueueTx, { row, claim }: Case): number {
  const own = claim.admittedAt > 0 && !claim.refunded ? 1 : 0;
  if (row.attempts === 0) return own;
  return own + listAttempts(tx.sql, row.id).filter(({ n, job }) => n <= row.attempts && job !== null).length;
}

function apply(tx: QueueTx, one: Case, outcome: Exclude<Outcome, { kind: "stored" }>): void {
  const { row, claim } = one;
  switch (outcome.kind) {
    case "present":
    case "outdated":
      endClaim(tx, claim, one.over);
      newGeneration(tx, row);
      row.due = tx.now;
      return;
    case "failed":
      endClaim(tx, claim, one.over, outcome.failure.code);
      newGeneration(tx, row);
      fail(tx, row, { ...outcome, claim, permanent: isPermanent(tx, row, outcome) });
      return;
    case "refused":
      endClaim(tx, claim, one.over, outcome.code);
      newGeneration(tx, row);
      originAnswered(tx, row.key);
      refuse(tx, row, outcome);
      return;
    case "unclear":
      // The poller or another handler has found the job by now, so the outcome is clear.
      if (claim.externalId === null) unclear(tx, one, outcome);
      else keepForLater(tx, one, tx.now);
      return;
    case "fault":
      retry(tx, one, outcome.failure);
      return;
    case "throttled":
    case "account":
    case "pending":
    case "unposted":
    case "stopped":
      postpone(tx, one, outcome);
      return;
    default:
      outcome satisfies never;
  }
}

/** Whether another attempt is in vain. Attempts of other causes do not count for a failure that is tried again once. */
function isPermanent(tx: QueueTx, row: Row, { class: of, failure }: Extract<Outcome, { kind: "failed" }>): boolean {
  if (of !== "once") return of === "permanent";
  // Attempts above the row's number are of an earlier order.
  return listAttempts(tx.sql, row.id).some(({ n, code }) => n <= row.attempts && code === failure.code);
}

/** Lets the row wait. If it may have a job, it keeps its claim. */
function postpone(
  tx: QueueTx,
  one: Case,
  outcome: Extract<Outcome, { kind: "throttled" | "account" | "pending" | "unposted" | "stopped" }>,
): void {
  const { claim, over, unmade } = one;
  if (outcome.kind === "pending") {
    if (outcome.unfetched !== undefined) claim.unfetchedSince ??= tx.now;
    if (over) backUnmade(tx, one, { due: outcome.due });
    else keepForLater(tx, one, outcome.due);
    return;
  }
  // A row without a job is due now: the gate holds it back, and an operator may open the gate at any time. The gate does
  // not hold back a row with a job.
  const isHeld = (outcome.kind === "throttled" || outcome.kind === "account") && claim.externalId === null;
  if (unmade) backUnmade(tx, one);
  else keepForLater(tx, one, isHeld ? tx.gate.throttledUntil : tx.now);
}

/**
 * No answer or a 5xx: a job may have been made. The next POST has the same key, so the answer tells. After the
 * sixth unclear POST the generation is given up.
 */
function unclear(tx: QueueTx, one: Case, { failure }: Extract<Outcome, { kind: "unclear" }>): void {
  const { row } = one;
  row.unclear += 1;
  if (row.unclear >= UNCLEAR_MAX) {
    endClaim(tx, one.claim, false, failure.code);
    newGeneration(tx, row);
  }
  retry(tx, one, failure);
}

/**
 * A failed attempt that says nothing about the generation. If the row still has its claim, the same generation is tried
 * again until the attempts are used up.
 */
function retry(tx: QueueTx, one: Case, failure: Failure): void {
  const { row, claim } = one;
  const isDead = fail(tx, row, { claim, failure, permanent: false });
  if (tx.memory.claims.byJob(row.id) !== claim) return;
  if (isDead) endClaim(tx, claim, one.over, failure.code);
  else if (one.over) backUnmade(tx, one, { lost: failure.code });
  else keepForLater(tx, one, row.due ?? tx.now);
}

/** Ends the claim. The row waits as before, or until `due`, because the store did not answer the handler. */
function backUnmade(tx: QueueTx, one: Case, { due, lost = null }: { due?: number; lost?: string | null } = {}): void {
  endClaim(tx, one.claim, true, lost);
  if (due !== undefined) one.row.due = Math.max(tx.now, due);
  backToWaiting(tx, one.row);
}

/** Orphans the claim. It stays admitted. */
function keepForLater(tx: QueueTx, { claim }: Case, due: number): void {
  tx.memory.claims.orphan(claim, Math.max(due, tx.now));
}
