import { admitFetch } from "../admission/gate.ts";
import { originAnswered } from "../admission/origins.ts";
import type { Assignment, ExchangeAnswer, ExchangeRequest, Phase } from "../calls.ts";
import { CLAIMS_MAX } from "../limits.ts";
import type { Claim, Owner } from "../tables/claim.ts";
import { nameOf } from "../tables/job-ids.ts";
import { CANCELLING, type Row, URGENT } from "../tables/row.ts";
import { LEASE_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { noteJob } from "./found-jobs.ts";
import { handOut } from "./hand-out.ts";
import { endLease, isLive, noteAwake } from "./leases.ts";
import { againMs, prefetchTarget, stays, workOf } from "./pace.ts";
import { settle } from "./settle.ts";
import { floorOf, isStale } from "./transitions.ts";

/**
 * Results that one handler fetches and stores at once. The other half of its jobs are in preparation, so that no slot
 * is idle meanwhile.
 */
const FINISH_MAX = CLAIMS_MAX / 2;

/** A job that the owner says it holds. */
type Have = ExchangeRequest["have"][number];

/**
 * The one call of handlers. The steps are in the order of docs/internals/queue.md. `orders`: what the user of the queue adds to the
 * call. It runs when the outcomes are settled, and before jobs are handed out.
 */
export function exchange<Extra>(
  tx: QueueTx,
  request: ExchangeRequest,
  orders: (owner: Owner) => Extra,
): ExchangeAnswer<Extra> {
  noteAwake(tx);
  for (const job of request.submitted) noteJob(tx, job);
  const owner = lease(tx, request);
  if (owner === null) return { status: "lost" };
  // A handler at capacity also reports room 0, but it is not draining.
  owner.draining = request.role === "work" && request.room === 0 && inHand(request) < CLAIMS_MAX;
  const have = new Map(request.have.map((job) => [job.id, job]));
  if (isNew(owner, request)) {
    for (const job of request.have) markReady(tx, owner, job);
    settle(tx, owner, request.settled);
  }
  const extra = orders(owner);
  const stop = stops(tx, owner, request.have);
  const answer = { status: "ok" as const, queueId: tx.queueId, ...extra, stop };
  if (request.leave) {
    endLease(tx, owner, false);
    return { ...answer, stop: [], give: [], again: 0, more: false, stay: false };
  }
  // A draining worker gets no new jobs; it would only return them.
  const work = workOf(tx);
  const stay = request.role === "urgent" || stays(tx, owner, work);
  const isBound = handOut(tx, owner, { room: stay ? request.room : 0, prefetch: prefetchTarget(tx) });
  const { give, cut } = tell(tx, owner, have, answer.stop);
  return { ...answer, give, again: againMs(tx, work), more: cut || isBound, stay };
}

/** Jobs that need a connection of the handler. A job that runs at the service needs none. */
function inHand({ have }: ExchangeRequest): number {
  return have.filter(({ phase }) => phase !== "watch").length;
}

/** Renews the lease of the owner. Null: the owner has lost its lease. */
function lease(
  tx: QueueTx,
  { owner: name, first, leave, role, brief = role === "urgent" }: ExchangeRequest,
): Owner | null {
  const { memory, now } = tx;
  let owner = memory.claims.owner(name);
  if (owner === null) {
    if (!first || leave) return null;
    owner = memory.claims.open({ name, until: 0, instance: memory.startedAt, role, brief });
    if (role === "work") memory.wakes.shift();
  } else if (!isLive(owner, now)) return null;
  owner.until = Math.max(owner.until, now + LEASE_MS);
  owner.instance = memory.startedAt;
  return owner;
}

/**
 * Notes the call. False: it was heard before, so what it says of a claim may be of an earlier claim of the same
 * generation.
 */
function isNew(owner: Owner, { seq = owner.heard + 1 }: ExchangeRequest): boolean {
  if (seq <= owner.heard) return false;
  owner.heard = seq;
  return true;
}

/**
 * Notes whether the owner is ready to POST the job: it has seen the input. No slot is taken for a job whose owner is
 * not ready.
 */
function markReady(tx: QueueTx, owner: Owner, { id, gen, phase, copy }: Have): void {
  const claim = owner.claims.get(id);
  if (claim?.gen !== gen) return;
  const group = phase === "ready" && !claim.ready ? tx.rows.byId(id)?.group : undefined;
  if (group !== undefined && copy !== true) originAnswered(tx, group);
  claim.ready = phase === "ready";
}

/**
 * Jobs that the owner must drop: the row has moved on, the row is to be cancelled, or this instance does not know that
 * the owner has a claim of the row.
 */
function stops(tx: QueueTx, owner: Owner, have: readonly Have[]): { id: number; gen: number }[] {
  const rows = rowsOf(tx, owner);
  const unknown = have.filter(({ id, gen }) => owner.claims.get(id)?.gen !== gen).map(({ id, gen }) => ({ id, gen }));
  const over = [...owner.claims.values()]
    .filter((claim) => isStale(rows.get(claim.id) ?? null, claim) || rows.get(claim.id)?.state === CANCELLING)
    .map(({ id, gen }) => ({ id, gen }));
  return [...unknown, ...over];
}

function rowsOf(tx: QueueTx, owner: Owner): Map<number, Row> {
  return new Map(tx.rows.loadIds([...owner.claims.keys()]).map((row) => [row.id, row]));
}

/** Jobs whose phase the owner does not know yet. This repeats an answer that was lost. */
function tell(
  tx: QueueTx,
  owner: Owner,
  have: ReadonlyMap<number, Have>,
  stop: readonly { id: number; gen: number }[],
): { give: Assignment[]; cut: boolean } {
  const stopped = new Set(stop.map(({ id }) => id));
  const rows = rowsOf(tx, owner);
  let finishing = [...have.values()].filter(({ phase }) => phase === "finish").length;
  let cut = false;
  const give = [...owner.claims.values()].flatMap((claim) => {
    const row = rows.get(claim.id);
    const phase = phaseOf(tx, claim);
    if (row === undefined || stopped.has(claim.id) || knows(have.get(claim.id), claim, phase)) return [];
    if (phase === "finish" && finishing >= FINISH_MAX && row.lane !== URGENT) {
      cut = true;
      return [];
    }
    // Its result is fetched when the breaker allows it again.
    if (phase === "finish" && !admitFetch(tx.gateNow, claim.gen)) return [];
    if (phase === "finish") {
      finishing += 1;
      tx.memory.finishToldTo.add(claim.gen);
    }
    return [assignmentOf(tx, row, claim, phase)];
  });
  return { give, cut };
}

function phaseOf({ memory }: QueueTx, { externalId, gen, state }: Claim): Assignment["phase"] {
  if (externalId !== null) return memory.isEnded(gen) ? "finish" : "watch";
  return state === "admitted" ? state : "standby";
}

/**
 * Whether the owner acts on the phase already. An owner that watches a job knows its id: after an eviction the queue
 * does not, and tells it to go again, which makes the owner report the id.
 */
function knows(have: Have | undefined, claim: Claim, phase: Phase): boolean {
  if (have?.gen !== claim.gen || (phase === "admitted" && have.phase === "watch")) return false;
  if (phase === "admitted") return have.phase !== "standby" && have.phase !== "ready";
  return phase !== "finish" || have.phase === "finish";
}

function assignmentOf(tx: QueueTx, row: Row, claim: Claim, phase: Assignment["phase"]): Assignment {
  const { id, group, part, gen, attempts, updated } = row;
  const urgent = row.lane === URGENT;
  const { notBefore, admittedAt: grantedAt, first, externalId: job, unfetchedSince } = claim;
  const sight = phase === "finish" ? (tx.memory.observed.get(gen) ?? null) : null;
  const names = { name: nameOf(id), run: tx.runs.byNumber(row.run)?.id ?? null };
  const beforeRestore = phase === "finish" && gen < tx.memory.meta.restored;
  const grant = { phase, notBefore, grantedAt, first, job, sight, unfetchedSince, beforeRestore };
  return { id, ...names, group, part, gen, floor: floorOf(tx, row), urgent, attempts, touched: updated > 0, ...grant };
}
