import { throttled } from "../admission/auto-gate.ts";
import { takeBack } from "../admission/budget.ts";
import { closeBreaker, isProbe, openBreaker, probeUnused, recordBad, recordGood } from "../admission/gate.ts";
import { originAnswered, originFailed } from "../admission/origins.ts";
import type { Done, ExchangeRequest, Outcome, Retry, Wait } from "../calls.ts";
import { listAttempts } from "../tables/attempts.ts";
import type { Claim, Owner } from "../tables/claim.ts";
import { CANCELLING, type Row, STORED } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import {
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
    else if (genOf(outcome, gen) === gen) tx.storedTooLate(id, gen);
  }
}

/** The rules of docs/internals/queue.md. The first rule that fits applies. */
function settleClaim(tx: QueueTx, claim: Claim, outcome: Outcome): void {
  learn(tx, claim, outcome);
  const madeGen = genOf(outcome, claim.gen);
  const isOwn = madeGen === claim.gen;
  // Only the first handler of a generation knows that no job was made. A later handler does not know the result of the
  // earlier POST.
  const isAdmitted = claim.state === "admitted";
  const unmade = !isAdmitted || (outcome.external === "none" && claim.first && claim.externalId === null);
  if (unmade && isAdmitted) takeBack(tx, claim);
  const over = unmade || outcome.external === "ended" || isOwn;
  const row = tx.rows.byId(claim.id);
  if (row === null || isStale(row, claim)) {
    endStale(tx, claim, row, over);
    if (isOwn) tx.storedTooLate(claim.id, claim.gen);
    return;
  }
  if (outcome.kind === "retry" && outcome.fault === "origin")
    originFailed(tx, { group: row.group, gen: claim.gen }, outcome.failure.message);
  const settling: Case = { claim, row, over };
  // A generation that is not stale is at or above the fence.
  const counts = isOwn || (madeGen !== null && madeGen >= floorOf(tx, row));
  if (outcome.kind === "done" && counts) store(tx, settling, outcome);
  else {
    row.crashes = 0;
    if (row.state === CANCELLING) {
      endClaim(tx, claim, over, "cancelled");
      cancelRow(tx, row);
    } else apply(tx, settling, outcome);
  }
}

/** The generation of the result that the store has now. `own`: of the claim. Null: it has none that may count. */
function genOf(outcome: Outcome, own: number): number | null {
  if (outcome.kind !== "done") return null;
  return outcome.gen === undefined ? own : outcome.gen;
}

/** Tells the gate about an outcome, whatever happens to the row. */
function learn(tx: QueueTx, claim: Claim, outcome: Outcome): void {
  const gate = tx.gateNow;
  const isFetched = outcome.kind === "done" && outcome.tookMs !== null;
  if (isFetched) noteFetched(tx);
  else if (outcome.kind === "wait") learnFromWait(tx, claim, outcome);
  else if (outcome.kind === "retry") learnFromRetry(tx, claim, outcome);
  // A probe that ends without a fetched result says nothing about the breaker. The next job is the probe then.
  if (isProbe(gate, claim.gen) && isFetched) closeBreaker(gate);
  else if (!stillRuns(tx, claim, outcome)) probeUnused(gate, claim.gen);
}

function learnFromWait(tx: QueueTx, claim: Claim, outcome: Wait): void {
  if (outcome.what === "queue") throttled(tx, outcome.until);
  else if (outcome.what === "account") openBreaker(tx.gateNow, { status: outcome.status, reason: outcome.message });
  else if (outcome.unfetched !== undefined) noteUnfetched(tx, claim, outcome.unfetched);
}

function learnFromRetry(tx: QueueTx, claim: Claim, { fault, generation, external, failure }: Retry): void {
  if (fault === "service") recordBad(tx.gateNow, claim.gen, failure.message);
  if (generation === "same") return;
  if (fault === "job" && external === "ended") recordGood(tx.gateNow, claim.gen);
  if (claim.unfetchedSince !== null) noteGivenUp(tx, claim, failure);
}

/** Whether the service has the job and nobody reported its end. */
function stillRuns({ memory }: QueueTx, { externalId, gen }: Claim, { kind, external }: Outcome): boolean {
  return externalId !== null && !memory.isEnded(gen) && kind === "wait" && external === "open";
}

/**
 * Deletes the row of a job whose result is stored. The store is the record from now on, also of a job that was to be
 * cancelled: the cancel comes too late.
 */
function store(tx: QueueTx, settling: Case, { external, tookMs, result }: Done): void {
  const { row, claim } = settling;
  endClaim(tx, claim, settling.over, null);
  const { gen, admittedAt, refunded } = claim;
  const isFound = external === "none";
  if (isFound) tx.runs.found(row);
  const isPaid = admittedAt > 0 && !refunded;
  tx.onEvent({ kind: "done", gen, admittedAt, isPaid, isFound, tookMs, result }, row);
  deleteRow(tx, row, STORED);
}

function apply(tx: QueueTx, settling: Case, outcome: Outcome): void {
  const { row, claim } = settling;
  switch (outcome.kind) {
    case "done":
      endClaim(tx, claim, settling.over);
      newGeneration(tx, row);
      row.due = tx.now;
      return;
    case "retry":
      retry(tx, settling, outcome);
      return;
    case "wait":
      wait(tx, settling, outcome);
      return;
    case "drop":
      endClaim(tx, claim, settling.over, outcome.code);
      newGeneration(tx, row);
      originAnswered(tx, row.group);
      refuse(tx, row, outcome);
      return;
    default:
      outcome satisfies never;
  }
}

/**
 * A failed attempt. If the row still has its claim, the same generation is tried again until the attempts are used up.
 */
function retry(tx: QueueTx, settling: Case, outcome: Retry): void {
  const { row, claim, over } = settling;
  const { failure, fault, generation } = outcome;
  const isUnclear = generation === "same" && fault === "service";
  // The poller or another handler has found the job by now, so the outcome is clear.
  if (isUnclear && claim.externalId !== null) {
    keepForLater(tx, settling, tx.now);
    return;
  }
  if (isUnclear) row.unclear += 1;
  if (generation === "new" || row.unclear >= UNCLEAR_MAX) {
    endClaim(tx, claim, over, failure.code);
    newGeneration(tx, row);
  }
  const isDead = fail(tx, row, {
    claim,
    failure,
    permanent: isPermanent(tx, row, outcome),
    origin: fault === "origin",
  });
  if (tx.memory.claims.byJob(row.id) !== claim) return;
  if (isDead) endClaim(tx, claim, over, failure.code);
  else if (over) backUnmade(tx, settling, null, failure.code);
  else keepForLater(tx, settling, row.due ?? tx.now);
}

/** Whether another attempt is in vain. Attempts of other causes do not count for a failure that is tried again once. */
function isPermanent(tx: QueueTx, row: Row, { class: of, failure }: Retry): boolean {
  if (of !== "once") return of === "permanent";
  return listAttempts(tx.sql, row).some(({ code }) => code === failure.code);
}

/**
 * Lets the row wait. If it may have a job, it keeps its claim. A row without a job is due now, whatever the gate waits
 * for: the gate holds it back, and an operator may open the gate at any time. The gate does not hold back a row with a
 * job.
 */
function wait(tx: QueueTx, settling: Case, outcome: Wait): void {
  const { claim, over } = settling;
  const ofJob = outcome.what === "job" ? outcome : null;
  if (ofJob?.unfetched !== undefined) claim.unfetchedSince ??= tx.now;
  const isHeld = ofJob === null && claim.externalId === null;
  if (over) backUnmade(tx, settling, ofJob?.until ?? null);
  else keepForLater(tx, settling, ofJob?.until ?? (isHeld ? tx.gate.throttledUntil : tx.now));
}

/** Ends the claim. The row waits as before, or until `due`, Unix ms. `lost`: why its job was paid for in vain. */
function backUnmade(tx: QueueTx, settling: Case, due: number | null, lost: string | null = null): void {
  endClaim(tx, settling.claim, true, lost);
  if (due !== null) settling.row.due = Math.max(tx.now, due);
}

/** Orphans the claim. It stays admitted. */
function keepForLater(tx: QueueTx, { claim }: Case, due: number): void {
  tx.memory.claims.orphan(claim, Math.max(due, tx.now));
}
