import { LEASE_MS, WORKERS_MAX } from "@prewarm/shared/limits";
import { closedFor, fetchesAllowed, goalPerSecond, isFull, isHeldBack } from "../admission/gate.ts";
import { quantileMs, usualMs } from "../admission/job-times.ts";
import { slotsTaken } from "../admission/slots.ts";
import type { Owner } from "../schema/claim.ts";
import { nextDueAt } from "../schema/due.ts";
import type { Memory } from "../schema/memory.ts";
import type { QueueTx } from "../schema/queue-tx.ts";
import { LANE_CODES, type LaneCode, LIVE, laneName } from "../schema/row.ts";
import { isLive } from "./leases.ts";

/** Connection-seconds of one job: head, probe, POST, download, put. */
const CONNECTION_SECONDS = 0.46;
const CONNECTIONS = 6;
/** The share of its connections that a worker keeps busy. */
const USE = 0.7;
/** Duration of a head and a probe. */
const PREPARE_MS = 100;
/** Jobs per additional worker. */
const JOBS_A_WORKER = 8;
/** Jobs that are about to end, per job that is to be made: both cost a worker the same. */
const WATCHED_A_JOB = 4;
/**
 * Each call renews the lease. A worker that has not called for this long counts as dead, long before its lease ends.
 */
const SILENT_MS = 20_000;
/** A wake-up counts as under way for this long. */
const WAKE_MS = 30_000;
/** A wake-up without an answer for this long stands in the queue behind workers at work. */
const BACKLOG_MS = 2_000;
/**
 * Wake-ups under way at first. As many more as workers have come may follow: the platform adds consumers step by step, and those
 * that come after the work is done have cost a message and two calls each.
 */
const FIRST_WAKES = 8;
const SHORT_SHIFT_MS = 3_000;
/** Short shifts stop when they have brought no additional worker for this long. */
const GROWTH_MS = 15_000;
/** A worker stays for a job that ends within this. */
const SOON_MS = 2_000;
/** Nobody waits for a live job any more by then, unless jobs usually take that long. */
const LIVE_SLOW_MS = 10_000;
const LIVE_PACE_MS = 200;
/** The POST of a live job is reported by its handler as soon as it is answered: no call is needed before. */
const LIVE_POST_MS = 1_000;
const LONE_PACE_MS = 300;
const PACE_A_WORKER_MS = 40;
const PACE_MS = { from: 450, to: 620 } as const;
/** Workers call so much of the pace earlier or later, so that free slots wait for none and no call comes in vain. */
const SPREAD = 0.25;

/** Workers that take every kind of job. */
export function workers({ memory, now }: QueueTx): Owner[] {
  const isHeard = ({ until }: Owner) => until - LEASE_MS > now - SILENT_MS;
  return memory.claims
    .owners()
    .filter(
      (owner) => owner.role === "work" && isLive(owner, now) && isHeard(owner) && !owner.draining && !owner.exclusive,
    );
}

/** The work that exists now or soon. */
export interface Work {
  /** Jobs that may be handed out. */
  now: number;
  /** Jobs at the service that may end within SOON_MS. */
  soon: number;
  /** ms until a live job may need a call; 0: at once; null: no live job is open, or all of them are slow. */
  liveMs: number | null;
  /** Whether all of it is live. */
  isLiveOnly: boolean;
}

/** ms until a handler calls again. All workers together call every ~40 ms, so that a free slot does not wait. */
export function paceMs(tx: QueueTx, work: Work): number {
  const { liveMs, isLiveOnly } = work;
  const n = workers(tx).length;
  const pace = n <= 1 ? LONE_PACE_MS : Math.min(PACE_MS.to, Math.max(PACE_MS.from, PACE_A_WORKER_MS * n));
  if (liveMs === null) return pace;
  // A viewer's job cannot end before its kind usually does.
  return Math.max(LIVE_PACE_MS, Math.min(liveMs, isLiveOnly ? SOON_MS : pace));
}

/**
 * ms until this owner calls again. Among many workers, where no viewer waits, in the middle of the longest time around the
 * pace in which no other one calls. A few that call together write fewer rows.
 */
export function againMs(tx: QueueTx, owner: Owner, work: Work): number {
  const pace = paceMs(tx, work);
  if (work.liveMs !== null || pace < PACE_MS.to) return pace;
  const [from, to] = [tx.now + (1 - SPREAD) * pace, tx.now + (1 + SPREAD) * pace];
  const others = workers(tx).flatMap((one) => (one === owner ? [] : [one.callsAt]));
  const between = others.filter((at) => at > from && at < to).sort((a, b) => a - b);
  let [last, longest] = [from, 0];
  for (const at of [...between, to]) {
    if (at - last > longest) owner.callsAt = Math.round((last + at) / 2);
    longest = Math.max(longest, at - last);
    last = at;
  }
  return owner.callsAt - tx.now;
}

/** Jobs to prepare that a worker should hold: about 1.5 times the jobs that it POSTs until its next call. */
export function prefetchTarget(tx: QueueTx): number {
  const n = Math.max(1, workers(tx).length);
  return Math.ceil((1.5 * goalPerSecond(tx.gateNow) * (paceMs(tx, NO_LIVE) + PREPARE_MS)) / 1000 / n) + 2;
}

const NO_LIVE: Work = { now: 0, soon: 0, liveMs: null, isLiveOnly: true };

export function workOf(tx: QueueTx): Work {
  const { memory, now } = tx;
  const work: Work = { ...NO_LIVE };
  if (isHeldBack(tx.gateNow)) return work;
  const admitted = { 0: 0, 1: 0, 2: 0 };
  const fetches = fetchesAllowed(tx.gateNow);
  let fetched = 0;
  const earliest = quantileMs(tx.gateNow, 0.02);
  const slowAt = Math.max(LIVE_SLOW_MS, 2 * quantileMs(tx.gateNow, 0.98));
  for (const { gen, lane, externalId, due, admittedAt, heardAt, state, owner } of memory.claims.held()) {
    if (state !== "admitted") continue;
    admitted[lane] += 1;
    const isEnded = memory.isEnded(gen);
    const age = now - admittedAt;
    const isWatched = lane === LIVE && !isEnded && age < slowAt;
    const mayGo = externalId === null && closedFor(tx.gateNow, laneName(lane), true) === null;
    // No worker waits for a slow job. The observation of its end wakes a worker.
    const endsSoon = externalId !== null && !isEnded && age > earliest - SOON_MS && age < slowAt;
    // The probe of a result does not wait for the time of that result.
    const isDue = due <= now || (isEnded && fetches === 1);
    if (owner === null && isDue && (mayGo || (isEnded && fetched < fetches))) {
      work.now += 1;
      fetched += isEnded ? 1 : 0;
    } else if (isWatched || endsSoon) work.soon += externalId === null ? 0 : 1;
    if (lane !== LIVE) work.isLiveOnly = false;
    else if (isEnded && fetches === 0) continue;
    else if (isEnded) work.liveMs = owner === null ? 0 : (work.liveMs ?? SOON_MS);
    else if (isWatched)
      work.liveMs = Math.min(
        work.liveMs ?? SOON_MS,
        externalId === null ? LIVE_POST_MS - age : earliest - (now - (heardAt || admittedAt)),
      );
  }
  for (const lane of LANE_CODES) {
    const n = runnable(tx, lane, admitted[lane]);
    work.now += n;
    if (n > 0 && lane === LIVE) work.liveMs = 0;
    else if (n > 0) work.isLiveOnly = false;
  }
  return work;
}

/** Waiting jobs of an open lane while a slot is free. */
function runnable(tx: QueueTx, lane: LaneCode, admitted: number): number {
  const open = tx.waiting(lane);
  const name = laneName(lane);
  if (open <= admitted || closedFor(tx.gateNow, name) !== null || isFull(tx.gateNow, name, slotsTaken(tx))) return 0;
  return isAnyDue(tx, lane) ? open - admitted : 0;
}

/** Whether a job of the lane may be handed out. All of them may wait for their time. */
function isAnyDue(tx: QueueTx, lane: LaneCode): boolean {
  return timesOfLane(tx, lane).some((at) => at <= tx.now);
}

/** When the first untouched job and the first touched job of a lane may be handed out, Unix ms. */
export function timesOfLane({ memory, sql }: QueueTx, lane: LaneCode): number[] {
  return [memory.orders.readyAt(lane), nextDueAt(sql, lane)].filter((at) => at !== null);
}

/** Workers that the gate's rate needs. */
function workersFor(tx: QueueTx): number {
  return Math.ceil((goalPerSecond(tx.gateNow, usualMs(tx.gateNow)) * CONNECTION_SECONDS) / CONNECTIONS / USE);
}

/** Workers that the work needs. */
function workersWanted(tx: QueueTx, work: Work): number {
  if (work.now + work.soon === 0) return 0;
  const byRate = workersFor(tx);
  // A worker that waits for the end of jobs needs no connection.
  const byWork = Math.ceil(Math.max(work.now, work.soon / WATCHED_A_JOB) / JOBS_A_WORKER);
  return Math.max(1, Math.min(WORKERS_MAX, byRate, byWork));
}

/** Wake-ups to send now. They count as under way from now on. */
export function wakesDue(tx: QueueTx): number {
  const { memory, now } = tx;
  memory.wakes = memory.wakes.filter((sentAt) => now - sentAt < WAKE_MS);
  const wanted = workersWanted(tx, workOf(tx));
  // The next work may find more consumers.
  if (wanted === 0) memory.mostWorkers = { n: 0, since: now };
  const came = workers(tx).length;
  const atOnce = Math.max(FIRST_WAKES, came);
  const n = Math.max(0, Math.min(wanted - came, atOnce) - memory.wakes.length);
  for (let sent = 0; sent < n; sent += 1) memory.wakes.push(now);
  return n;
}

/** Takes back wake-ups that could not be sent. */
export function unsend(memory: Memory, n: number): void {
  memory.wakes.splice(-n, n);
}

export function workerCame(memory: Memory): void {
  memory.wakes.shift();
}

/**
 * Whether the number of workers has grown lately. Where it does not grow, as with the one consumer of local runs, short
 * shifts only cost.
 */
function isGrowing(tx: QueueTx): boolean {
  const { memory, now } = tx;
  const n = workers(tx).length;
  if (n > memory.mostWorkers.n) memory.mostWorkers = { n, since: now };
  return now - memory.mostWorkers.since < GROWTH_MS;
}

/**
 * False: this worker must leave. Either there is no work for it, or wake-ups stand in the queue: the platform adds
 * consumers only when a batch completes.
 */
export function stays(tx: QueueTx, owner: Owner, work: Work): boolean {
  const { memory, now } = tx;
  const isBacklog = memory.wakes.some((sentAt) => now - sentAt > BACKLOG_MS && now - sentAt < WAKE_MS);
  if (isGrowing(tx) && isBacklog && now - owner.openedAt > SHORT_SHIFT_MS) return false;
  const before = workers(tx).filter(
    (other) => other.openedAt < owner.openedAt || (other.openedAt === owner.openedAt && other.name < owner.name),
  ).length;
  // More workers than the gate needs would call the queue as often as needed workers.
  if (owner.claims.size > 0) return before < workersFor(tx);
  return before < workersWanted(tx, work);
}
