import { noteAccepted } from "../admission/auto-gate.ts";
import { recordGood } from "../admission/gate.ts";
import { originProbeMade } from "../admission/origins.ts";
import type { Claim } from "../tables/claim.ts";
import { JOB_DEADLINE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/** Notes the id of a job, whatever the source is. */
export function noteJob(
  tx: QueueTx,
  { gen, job, createdAt = null }: { gen: number; job: string; createdAt?: number | null },
): void {
  const claim = tx.memory.claims.byGen(gen);
  if (claim?.state === "abandoned") noteAbandoned(tx, claim, job);
  if (claim?.state !== "admitted") return;
  claim.foundByPoller = false;
  if (claim.externalId !== null) return;
  recordGood(tx.gateNow, gen);
  noteAccepted(tx.gateNow);
  originProbeMade(tx, gen);
  claim.externalId = job;
  claim.createdAt = createdAt;
  claim.heardAt = tx.now;
  // A live owner reports the id again after an eviction, so its row is not written for that.
  if (claim.owner === null) tx.memory.claims.note(claim);
}

function noteAbandoned({ memory, now }: QueueTx, claim: Claim, job: string): void {
  if (claim.externalId !== null) return;
  claim.externalId = job;
  claim.until = now + JOB_DEADLINE_MS;
  memory.claims.note(claim);
}
