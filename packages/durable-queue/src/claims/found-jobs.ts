import { noteAccepted } from "../admission/auto-gate.ts";
import { charge } from "../admission/budget.ts";
import { recordGood } from "../admission/gate.ts";
import { originProbeMade } from "../admission/origins.ts";
import { isUnreported } from "../admission/slots.ts";
import type { ExternalJob, OpenJob, UnreportedJob } from "../external-jobs.ts";
import { type Claim, newClaim, paidOn } from "../tables/claim.ts";
import { laneName, lastLane } from "../tables/lanes.ts";
import { type Row, URGENT, WAITING } from "../tables/row.ts";
import { JOB_DEADLINE_MS, LEASE_MS, POST_LANDS_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { isLive } from "./leases.ts";
import { endClaim, floorOf } from "./transitions.ts";

/*
 * Jobs in the service's list whose ids no handler has reported. Their metadata names the queue and the generation. Such a
 * job is left by a handler that died after its POST, and by every POST after the copy that a restore put back. `noteJob`
 * notes an id, whoever reports it, and `openExternally` lists the jobs whose ids are known.
 */

/** The generations whose jobs the poller looks for. */
export function unreportedJobs(tx: QueueTx): UnreportedJob[] {
  const { claims } = tx.memory;
  const found: UnreportedJob[] = [];
  for (const claim of claims.held())
    if (isUnreported(tx, claim)) found.push({ gen: claim.gen, since: claim.admittedAt, sureAt: null });
  for (const { gen, externalId, until, admittedAt } of claims.abandoned()) {
    if (externalId !== null) continue;
    const abandonedAt = until - JOB_DEADLINE_MS;
    // No list proves that there is no job if it is not known how old the job may be.
    if (admittedAt === 0) found.push({ gen, since: abandonedAt - LEASE_MS, sureAt: null });
    else found.push({ gen, since: admittedAt, sureAt: abandonedAt + POST_LANDS_MS });
  }
  return found;
}

/** The generations whose jobs the poller names where a page shows them. Most handlers report them within a second. */
export function unnamedJobs({ memory: { claims } }: QueueTx): ReadonlySet<number> {
  const unnamed = new Set<number>();
  for (const { state, externalId, gen } of claims.held())
    if (state === "admitted" && externalId === null) unnamed.add(gen);
  for (const { externalId, gen } of claims.abandoned()) if (externalId === null) unnamed.add(gen);
  return unnamed;
}

/** Notes a job on a page of the service's list. */
export function noteFound(tx: QueueTx, job: ExternalJob): void {
  const { memory } = tx;
  const gen = Number(job.metadata.gen);
  if (job.metadata.ledger !== tx.queueId || !Number.isSafeInteger(gen)) return;
  const claim = memory.claims.byGen(gen);
  if (claim?.state === "admitted") {
    if (claim.externalId === null) takeFound(tx, claim, job.id);
  } else if (claim?.state === "abandoned") noteJob(tx, { gen, job: job.id });
  else if (gen < memory.meta.restored) fromBefore(tx, job, gen);
}

/** Notes a job that its owner has not told. */
export function takeFound(tx: QueueTx, claim: Claim, job: string): void {
  noteJob(tx, { gen: claim.gen, job });
  // The owner has not reported the job, so its death at the POST still counts as a crash of this claim.
  claim.foundByPoller = claim.owner !== null && isLive(claim.owner, tx.now);
  // The next owner need not repeat the POST, so the claim is due now.
  claim.due = tx.now;
}

/**
 * Frees the slots of generations without a job. Two complete lists, read after the last possible arrival of their
 * POSTs, prove that no job was made. Answers how many slots became free.
 */
export function unmade({ memory: { claims } }: QueueTx, gens: readonly number[]): number {
  const free = gens
    .map((gen) => claims.byGen(gen))
    .filter((claim) => claim?.state === "abandoned" && claim.externalId === null);
  for (const claim of free) if (claim) claims.remove(claim);
  return free.length;
}

/* ── After a restore ── */

/**
 * Notes a job of a generation that the restored queue does not know. If its row still waits, the row takes the job
 * over. Otherwise the job holds a slot until it ends.
 */
function fromBefore(tx: QueueTx, job: ExternalJob, gen: number): void {
  const row = waitingRow(tx, job, gen);
  const isGood = job.status === "done" || job.status === "pending";
  if (row !== null) supersede(tx, row, gen);
  if (row !== null && isGood) adopt(tx, row, job);
  else if (job.status === "pending") holdSlot(tx, job, gen);
}

/** Keeps a slot for a job of a generation that no row has. */
function holdSlot({ memory, now, lanes }: QueueTx, job: ExternalJob, gen: number): void {
  const made = { externalId: job.id, admittedAt: job.createdAt ?? 0, until: now + JOB_DEADLINE_MS };
  memory.claims.add({ ...newClaim({ id: 0, gen, lane: lastLane(lanes) }), ...made, state: "abandoned" });
}

/**
 * The row of this job, if no newer generation of it was found, and if the row has waited since before the restore. A
 * row that was accepted after the restore and was not tried since counts too, because the copy may lack the job.
 */
function waitingRow(tx: QueueTx, { metadata }: ExternalJob, gen: number): Row | null {
  const key = tx.keyOfExternal(metadata);
  const [row] = key === null ? [] : tx.rows.loadKeys([key]);
  if (row?.state !== WAITING || gen < floorOf(tx, row)) return null;
  const claim = tx.memory.claims.byJob(row.id);
  const isNew = row.gen >= tx.memory.meta.restored;
  if (isNew) return claim === null && row.attempts === 0 ? row : null;
  return gen >= row.gen && (claim === null || claim.owner === null) ? row : null;
}

/** Replaces the generation of the copy, which was given up after the copy was made. */
function supersede(tx: QueueTx, row: Row, gen: number): void {
  const claim = tx.memory.claims.byJob(row.id);
  if (claim !== null) endClaim(tx, claim, false);
  row.gen = gen;
}

/**
 * Takes the job over as if this queue had admitted it. The handler that fetches the result compares the input first
 * (`Assignment.beforeRestore`).
 */
function adopt(tx: QueueTx, row: Row, job: ExternalJob): void {
  const admittedAt = Math.min(tx.now, job.createdAt ?? tx.now);
  const claim: Claim = { ...newClaim(row), state: "admitted", admittedAt, externalId: job.id, due: tx.now };
  tx.gateNow.use.add(laneName(tx.lanes, row.lane), paidOn(claim), 1);
  charge(tx, claim, row, "adopted");
  tx.memory.claims.add(claim);
}

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

/** Jobs that the service has and that were not seen to end, the oldest admission first. */
export function openExternally({ memory, now }: QueueTx): OpenJob[] {
  const open: OpenJob[] = [];
  for (const { externalId, gen, admittedAt, createdAt, heardAt, lane } of memory.claims.held())
    if (externalId !== null && !memory.isEnded(gen))
      open.push({ job: externalId, gen, admittedAt, createdAt, heardAt, urgent: lane === URGENT });
  for (const { externalId, gen, until, admittedAt } of memory.claims.abandoned()) {
    const since = admittedAt > 0 ? admittedAt : Math.min(now, until - JOB_DEADLINE_MS);
    if (externalId !== null)
      open.push({ job: externalId, gen, admittedAt: since, createdAt: null, heardAt: 0, urgent: false });
  }
  return open.sort((a, b) => a.admittedAt - b.admittedAt);
}
