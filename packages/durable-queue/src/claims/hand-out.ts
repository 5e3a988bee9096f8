import { noteLimited } from "../admission/auto-gate.ts";
import { charge } from "../admission/budget.ts";
import { admit, admitFetch, closedFor, fetchesAllowed, isClosedForAll, sharedSlots } from "../admission/gate.ts";
import { slotsTaken } from "../admission/slots.ts";
import { CLAIMS_MAX, GO_FEW, GO_MAX } from "../limits.ts";
import type { Claim, Owner } from "../tables/claim.ts";
import { dueIn } from "../tables/due.ts";
import { laneCodes, laneName, laneRule, lastLane } from "../tables/lanes.ts";
import { type LaneCode, type Row, URGENT, WAITING } from "../tables/row.ts";
import { IDEMPOTENCY_MS } from "../times.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { cancelUnwanted, candidates, mayTake } from "./candidates.ts";
import { workers } from "./pace.ts";
import { claimOf, endStale, isLocked, isStale, newGeneration, putOffUntil } from "./transitions.ts";

/** Orphaned claims that one call may handle. */
const TAKE_MAX = 12;
/** Urgent jobs without a claim that are counted. */
const URGENT_MAX = 50;
/** Jobs to prepare in one handler. The background lane leaves room for the jobs of other lanes that one call may begin. */
const PREFETCHED_MAX = { background: CLAIMS_MAX - GO_MAX, other: CLAIMS_MAX };

interface HandOut {
  tx: QueueTx;
  owner: Owner;
  /** Jobs that the handler can still take. */
  room: number;
  /** More orphaned jobs exist than one call takes over. */
  isCut: boolean;
  /** The gate refused at least one job, or leaves the slots to others. */
  isRefused: boolean;
  /** Jobs per lane that wait only for a slot or a token. */
  waiting: Map<LaneCode, number>;
}

/**
 * Gives jobs to a handler, in this order: jobs that have ended, jobs whose POST must be repeated, jobs that may be
 * POSTed, jobs to prepare. An urgent job may be POSTed in the call that hands it out. `prefetch`: jobs to prepare that
 * the handler should hold, admitted jobs not counted. Answers whether the handler, not the gate, is the bound. Then the
 * handler should call again as soon as it has room.
 */
export function handOut(tx: QueueTx, owner: Owner, request: { room: number; prefetch: number }): boolean {
  if (isClosedForAll(tx.gateNow)) return false;
  const room = Math.max(0, Math.min(request.room, CLAIMS_MAX));
  const call: HandOut = {
    tx,
    owner,
    room,
    isCut: false,
    isRefused: false,
    waiting: waiting(tx),
  };
  owner.exclusive = hasQuarantined(tx, owner);
  if (owner.exclusive) call.room = 0;
  adoptOrphans(call);
  const lanes = laneCodes(tx.lanes);
  for (const lane of lanes) if (lane === URGENT) prefetch(call, lane, request.prefetch);
  admitPrepared(call);
  for (const lane of lanes) if (lane !== URGENT) prefetch(call, lane, request.prefetch);
  return call.isCut || (!call.isRefused && prefetchedIn(call, lastLane(tx.lanes)) > 0);
}

/** Whether the handler holds a quarantined job. Such a handler gets no other job. */
export function hasQuarantined(tx: QueueTx, owner: Owner): boolean {
  return tx.rows.loadIds([...owner.claims.keys()]).some(({ crashes }) => crashes > 0);
}

/** Notes that the owner has one more claim. */
function noteAssigned(call: HandOut, row: Row): void {
  call.owner.exclusive = row.crashes > 0;
  call.room = call.owner.exclusive ? 0 : call.room - 1;
}

/* ── Orphaned claims ── */

/**
 * Assigns orphaned claims. A claim whose job has ended needs no gate, unless no result can be fetched. A generation
 * without a known job is POSTed again under its key; it has its slot already.
 */
function adoptOrphans(call: HandOut): void {
  let handled = 0;
  for (const claim of orphansDue(call.tx)) {
    if (call.room <= 0) return;
    call.isCut = handled === TAKE_MAX;
    if (call.isCut) return;
    if (adoptOrphan(call, claim)) handled += 1;
  }
}

/** False: passed over. Another call takes the claim, so it must not count against the claims behind it. */
function adoptOrphan(call: HandOut, claim: Claim): boolean {
  const { tx } = call;
  const row = tx.rows.byId(claim.id);
  if (row === null || isStale(row, claim)) {
    endStale(tx, claim, row, false);
    return true;
  }
  if (cancelUnwanted(tx, row)) return true;
  if (isLocked(tx, row)) return false;
  if (isOutdated(tx, row, claim)) {
    newGeneration(tx, row);
    row.due = tx.now;
    return true;
  }
  if (!mayTake(call.owner, row)) return false;
  if (claim.externalId === null ? !mayAskAgain(call, claim) : !admitFetch(tx.gateNow, claim.gen)) return true;
  tx.memory.claims.assign(claim, call.owner);
  noteAssigned(call, row);
  return true;
}

/** Orphaned claims that are due. Claims that need no gate come first, and claims of higher lanes first among equals. */
function orphansDue(tx: QueueTx): Claim[] {
  const fetches = fetchesAllowed(tx.gateNow);
  const found = tx.memory.claims.orphaned().filter(({ due, externalId, gen, lane }) => {
    // The probe costs nothing where it is the try of a result, so it does not wait for the time of that.
    if (externalId !== null) return tx.memory.isEnded(gen) && (fetches === 1 || (fetches > 0 && due <= tx.now));
    return due <= tx.now && closedFor(tx.gateNow, laneName(tx.lanes, lane), true) === null;
  });
  const needsGate = ({ externalId }: Claim) => (externalId === null ? 1 : 0);
  return found.sort((a, b) => needsGate(a) - needsGate(b) || a.lane - b.lane);
}

/**
 * Whether the generation cannot be POSTed again. A key older than a day makes a second job. A key from before a restore
 * may have been used since, even if its job was not found.
 */
function isOutdated(tx: QueueTx, row: Row, claim: Claim): boolean {
  if (claim.externalId !== null) return false;
  return row.gen < tx.memory.meta.restored || tx.now - claim.admittedAt > IDEMPOTENCY_MS;
}

function mayAskAgain(call: HandOut, claim: Claim): boolean {
  const { tx } = call;
  const ask = { lane: laneName(tx.lanes, claim.lane), gen: claim.gen, slots: null };
  const answer = admit(tx.gateNow, { ...ask, outranked: isOutranked(call, claim.lane) });
  if ("code" in answer) return false;
  claim.notBefore = answer.notBefore;
  return true;
}

/* ── What may go ── */

/** Takes slots and tokens. No other code takes them. */
function admitPrepared(call: HandOut): void {
  const { tx, owner } = call;
  const rows = tx.rows.loadIds([...owner.claims.keys()]);
  const waiting = rows.filter((row) => row.state === WAITING).sort((a, b) => a.lane - b.lane);
  let begun = 0;
  // Counted here, because the call may have given up claims until now.
  const slots = slotsTaken(tx);
  const free = sharedSlots(tx.gateNow) - slots.used;
  const most = free > workers(tx).length ? GO_MAX : GO_FEW;
  for (const row of waiting) {
    const claim = owner.claims.get(row.id);
    if (claim?.state !== "prefetched" || isStale(row, claim)) continue;
    if (row.lane !== URGENT && !claim.ready) continue;
    const ask = { lane: laneName(tx.lanes, row.lane), gen: row.gen, slots };
    const answer = admit(tx.gateNow, { ...ask, outranked: isOutranked(call, row.lane) });
    if ("code" in answer) {
      call.isRefused = true;
      noteLimited(tx.gateNow, answer);
      continue;
    }
    const admitted = { state: "admitted" as const, first: true, admittedAt: tx.now, paidBy: row.lane };
    Object.assign(claim, admitted, { notBefore: answer.notBefore });
    charge(tx, claim, row, "admitted");
    tx.memory.claims.note(claim);
    slots.used += 1;
    call.waiting.set(row.lane, (call.waiting.get(row.lane) ?? 0) - 1);
    begun += 1;
    if (begun < most) continue;
    // What is free goes to the next worker that calls.
    if (most < GO_MAX) call.isRefused = true;
    return;
  }
}

/** Whether a higher lane has jobs that could be POSTed now. Slots and tokens go to the higher lane first. */
function isOutranked({ waiting }: HandOut, lane: LaneCode): boolean {
  return [...waiting].some(([higher, n]) => higher < lane && n > 0);
}

function waiting(tx: QueueTx): Map<LaneCode, number> {
  const open = laneCodes(tx.lanes).filter((lane) => closedFor(tx.gateNow, laneName(tx.lanes, lane)) === null);
  const found = new Map(open.map((lane) => [lane, lane === URGENT ? urgentWaiting(tx) : 0]));
  for (const { state, ready, lane } of tx.memory.claims.held()) {
    const n = found.get(lane);
    if (n !== undefined && state === "prefetched" && (ready || lane === URGENT)) found.set(lane, n + 1);
  }
  return found;
}

/** Urgent jobs without a claim. */
function urgentWaiting(tx: QueueTx): number {
  const { claims } = tx.memory;
  const due = dueIn(tx.sql, { lane: URGENT, run: null }, tx.dueBy, URGENT_MAX + claims.held().length);
  const ids = due.map(({ id }) => id).filter((id) => claims.byJob(id) === null);
  return tx.rows.loadIds(ids).filter((row) => row.state === WAITING && putOffUntil(tx, row) <= tx.now).length;
}

/* ── What is to be looked at ── */

function prefetch(call: HandOut, lane: LaneCode, wanted: number): void {
  const { tx } = call;
  if (isShut(tx, lane)) return;
  const { background } = laneRule(tx.lanes, laneName(tx.lanes, lane));
  const most = PREFETCHED_MAX[background ? "background" : "other"];
  const left = Math.min(call.room, Math.min(wanted, most) - prefetchedIn(call, lane));
  if (left <= 0) return;
  // A job that was held a moment ago may be quarantined, so that it must run alone, or the probe of the origin of others.
  for (const row of candidates(tx, call.owner, lane, left))
    if (call.room > 0 && mayTake(call.owner, row) && putOffUntil(tx, row) <= tx.now) claimFor(call, row);
}

/**
 * Jobs to prepare that the handler holds, of this lane and of higher lanes. Jobs of lower lanes do not count, because
 * they yield to higher lanes and would keep those out of the handler for ever. Jobs of shut lanes do not count, because
 * they cannot be POSTed now.
 */
function prefetchedIn({ tx, owner }: HandOut, lowest: LaneCode): number {
  const isCounted = (lane: LaneCode) => lane <= lowest && !isShut(tx, lane);
  return [...owner.claims.values()].filter(({ state, lane }) => state === "prefetched" && isCounted(lane)).length;
}

/** Whether the lane is closed for long: by a pause or by the budget. Both may close a single lane. */
function isShut(tx: QueueTx, lane: LaneCode): boolean {
  const code = closedFor(tx.gateNow, laneName(tx.lanes, lane))?.code;
  return code === "paused" || code === "budget";
}

function claimFor(call: HandOut, row: Row): void {
  call.tx.memory.claims.add(claimOf(call.tx, row, call.owner));
  noteAssigned(call, row);
}
