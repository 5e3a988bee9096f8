import { throttled } from "../admission/auto-gate.ts";
import { openBreaker, probeTaken } from "../admission/gate.ts";
import type { ExternalJob, Observations } from "../external-jobs.ts";
import { learnJobMs } from "../memory/gate-memory.ts";
import type { Claim } from "../tables/claim.ts";
import { CANCELLING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { noteFound, unmade } from "./found-jobs.ts";
import { cancelRow, endClaim, fail, isStale, newGeneration } from "./transitions.ts";

/**
 * Applies the observations of the poller: slots become free, results may be fetched. Answers how many jobs are over, so
 * that handlers are woken: a job that ended, was lost, or was never made.
 */
export function observe(tx: QueueTx, found: Observations): number {
  const { memory, now } = tx;
  if (found.throttledUntil !== null) throttled(tx, found.throttledUntil);
  if (found.account !== null) openBreaker(tx.gateNow, { status: found.account.status, reason: found.account.message });
  for (const job of found.found) noteFound(tx, job);
  const freed = unmade(tx, found.unmade);
  const claims = byExternalId(tx);
  const seen = found.ended.filter((job) => noteEnded(tx, claims, job));
  for (const job of found.pending) {
    const claim = claims.get(job);
    if (claim?.state === "admitted") memory.seenOpenAt.set(claim.gen, now);
  }
  // A job of a live owner waits for its owner.
  const lost = found.absent.flatMap((job) => claims.get(job) ?? []).filter(({ owner }) => owner === null);
  for (const claim of lost) lose(tx, claim);
  return seen.length + freed + lost.length;
}

function byExternalId({ memory: { claims } }: QueueTx): Map<string, Claim> {
  const found = new Map<string, Claim>();
  for (const claim of [...claims.abandoned(), ...claims.held()])
    if (claim.externalId !== null) found.set(claim.externalId, claim);
  return found;
}

/** Notes the end of a job. An abandoned claim frees its slot. */
function noteEnded(tx: QueueTx, claims: ReadonlyMap<string, Claim>, job: ExternalJob): boolean {
  const { memory } = tx;
  const claim = claims.get(job.id);
  if (claim === undefined || memory.isEnded(claim.gen)) return false;
  if (claim.state === "abandoned") {
    memory.claims.remove(claim);
    return true;
  }
  memory.observed.set(claim.gen, job);
  learnJobMs(tx.gateNow, tookMs(job, tx.now - claim.admittedAt));
  probeTaken(tx.gateNow, claim.gen);
  return true;
}

/** How long the job took, in ms: by the service's times, or else until its end was observed. */
function tookMs({ createdAt, finishedAt }: ExternalJob, seenAfter: number): number {
  return createdAt === null || finishedAt === null || finishedAt < createdAt ? seenAfter : finishedAt - createdAt;
}

/**
 * Fails a job that the service has lost: the job is long made, on no page of the list, and unknown by its id. An
 * abandoned claim frees its slot.
 */
function lose(tx: QueueTx, claim: Claim): void {
  if (claim.state === "abandoned") {
    tx.memory.claims.remove(claim);
    return;
  }
  const row = tx.rows.byId(claim.id);
  endClaim(tx, claim, true, "upstream_lost");
  if (row?.state === CANCELLING) {
    cancelRow(tx, row);
    return;
  }
  if (row === null || isStale(row, claim)) return;
  newGeneration(tx, row);
  const message = `${tx.service} made the job ${claim.externalId ?? ""} and does not know it any more.`;
  if (!fail(tx, row, { claim, failure: { code: "upstream_lost", message }, permanent: false })) row.due = tx.now;
}
