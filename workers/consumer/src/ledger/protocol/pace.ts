import { LEASE_MS, WORKERS_MAX } from "@prewarm/shared/limits";
import { nextDueAt } from "../tables/due.ts";
import type { Hand } from "../tables/hands.ts";
import { isWaiting, LANE_CODES, type LaneCode, LIVE, laneName } from "../tables/row.ts";
import { closedFor, goalPerSecond, isFull, isHeldBack } from "./gate.ts";
import { quantileMs } from "./job-times.ts";
import { isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Memory } from "./memory.ts";
import { slotsTaken } from "./slots.ts";

/** Connection-seconds of one variant: head, probe, POST, download, put. */
const CONNECTION_SECONDS = 0.46;
const CONNECTIONS = 6;
/** How much of its connections a worker keeps busy. */
const USE = 0.7;
/** A head and a probe. */
const PREPARE_MS = 100;
/** Jobs that are worth a worker more. */
const JOBS_A_WORKER = 8;
/** Jobs that are about to end and cost a worker as much as one that is to be made. */
const WATCHED_A_JOB = 4;
/** Each call renews the lease. Who has not called for so long is dead, or as good as dead, long before its lease is over. */
const SILENT_MS = 20_000;
/** A wake-up is believed under way for so long. */
const WAKE_MS = 30_000;
/** One that nobody answered for so long stands in the queue: the platform adds consumers only when a batch completes. */
const BACKLOG_MS = 2_000;
const SHORT_SHIFT_MS = 3_000;
/** Short shifts that have brought no more workers for so long are given up, until nobody has called for the other. */
const GROWTH_MS = 15_000;
const FORGET_GROWTH_MS = 30_000;
/** A job that will end within this is worth staying for. */
const SOON_MS = 2_000;
/** A viewer has gone by then, unless jobs take that long. */
const LIVE_SLOW_MS = 10_000;
const LIVE_PACE_MS = 200;
const LONE_PACE_MS = 300;
const PACE_A_WORKER_MS = 40;
const PACE_MS = { from: 450, to: 800 } as const;

/** Workers that take what there is. */
function workers({ memory, now }: LedgerTx): Hand[] {
  const isHeard = ({ until }: Hand) => until - LEASE_MS > now - SILENT_MS;
  return memory.hands
    .list()
    .filter((hand) => hand.role === "work" && isLive(hand, now) && isHeard(hand) && !hand.draining && !hand.alone);
}

/** What there is to do: now, or soon. */
export interface Work {
  /** Jobs that may be handed out. */
  now: number;
  /** Jobs at Ittybit that may end within SOON_MS. */
  soon: number;
  /** Whether a viewer waits for any of them, or for a job that is not slow yet. */
  viewers: boolean;
}

/** ms until a handler calls again: some worker asks every ~40 ms, so that a free slot does not wait. */
export function paceMs(tx: LedgerTx, work: Work): number {
  if (work.viewers) return LIVE_PACE_MS;
  const n = workers(tx).length;
  return n <= 1 ? LONE_PACE_MS : Math.min(PACE_MS.to, Math.max(PACE_MS.from, PACE_A_WORKER_MS * n));
}

/** Jobs to be looked at that a worker should hold: about one and a half times what will go until its next call. */
export function standbyTarget(tx: LedgerTx): number {
  const n = Math.max(1, workers(tx).length);
  return Math.ceil((1.5 * goalPerSecond(tx.gateNow) * (paceMs(tx, NO_VIEWERS) + PREPARE_MS)) / 1000 / n) + 2;
}

const NO_VIEWERS: Work = { now: 0, soon: 0, viewers: false };

export function workOf(tx: LedgerTx): Work {
  const { memory, now } = tx;
  const work: Work = { now: 0, soon: 0, viewers: false };
  if (isHeldBack(tx.gateNow)) return work;
  const granted = { 0: 0, 1: 0, 2: 0 };
  const endsSoonAt = quantileMs(tx.gateNow, 0.02) - SOON_MS;
  const slowAt = Math.max(LIVE_SLOW_MS, 2 * quantileMs(tx.gateNow, 0.98));
  for (const { over, entries } of memory.hands.list()) {
    for (const { gen, lane, job, due, grantedAt, granted: isGranted } of entries.values()) {
      if (!isGranted) continue;
      granted[lane] += 1;
      const isEnded = memory.isEnded(gen);
      const age = now - grantedAt;
      const isWatched = lane === LIVE && !isEnded && age < slowAt;
      const mayGo = job === null && closedFor(tx.gateNow, laneName(lane), true) === null;
      // Nobody waits for a slow job: who sees it end wakes a worker.
      const endsSoon = job !== null && !isEnded && age > endsSoonAt && age < slowAt;
      if (over && due <= now && (mayGo || isEnded)) work.now += 1;
      else if (isWatched || endsSoon) work.soon += job === null ? 0 : 1;
      work.viewers ||= isWatched || (lane === LIVE && isEnded);
    }
  }
  for (const lane of LANE_CODES) {
    const n = runnable(tx, lane, granted[lane]);
    work.now += n;
    work.viewers ||= lane === LIVE && n > 0;
  }
  return work;
}

/** Waiting jobs of a lane that is open, while a slot is free. */
function runnable(tx: LedgerTx, lane: LaneCode, granted: number): number {
  const open = tx.counts.reduce((n, count) => (count.lane === lane && isWaiting(count) ? n + count.n : n), 0);
  const name = laneName(lane);
  if (open <= granted || closedFor(tx.gateNow, name) !== null || isFull(tx.gateNow, name, slotsTaken(tx))) return 0;
  return isAnyDue(tx, lane) ? open - granted : 0;
}

/** Whether anything of a lane may be handed out: all of it may be retries that wait for their time. */
function isAnyDue(tx: LedgerTx, lane: LaneCode): boolean {
  return tx.memory.fresh.hasAny(lane) || (nextDueAt(tx.sql, lane, 0) ?? Number.POSITIVE_INFINITY) <= tx.now;
}

/** How many workers bring through what the gate allows. */
function workersFor(tx: LedgerTx): number {
  return Math.ceil((goalPerSecond(tx.gateNow) * CONNECTION_SECONDS) / CONNECTIONS / USE);
}

/** How many workers there is work for. */
function workersWanted(tx: LedgerTx, work: Work): number {
  if (work.now + work.soon === 0) return 0;
  const byRate = workersFor(tx);
  // Who waits for jobs to end needs no connection.
  const byWork = Math.ceil(Math.max(work.now, work.soon / WATCHED_A_JOB) / JOBS_A_WORKER);
  return Math.max(1, Math.min(WORKERS_MAX, byRate, byWork));
}

/** Wake-ups to send now; they are believed under way. */
export function wakesDue(tx: LedgerTx): number {
  const { memory, now } = tx;
  memory.wakes = memory.wakes.filter(({ until }) => until > now);
  const n = Math.max(0, workersWanted(tx, workOf(tx)) - workers(tx).length - memory.wakes.length);
  for (let sent = 0; sent < n; sent += 1) memory.wakes.push({ sentAt: now, until: now + WAKE_MS });
  return n;
}

/** They could not be sent. */
export function unsend(memory: Memory, n: number): void {
  memory.wakes.splice(-n, n);
}

export function workerCame(memory: Memory): void {
  memory.wakes.shift();
}

/** Whether ending shifts has brought more workers lately; where it does not (one consumer at a time, as locally), short shifts only cost. */
function isGrowing({ memory, now }: LedgerTx): boolean {
  return now - memory.workers.since < GROWTH_MS;
}

/** Notes how many workers there are; those of a while ago count no more. */
function noteWorkers(tx: LedgerTx): void {
  const { memory, now } = tx;
  const n = workers(tx).length;
  if (n > memory.workers.most || now - memory.workers.seenAt > FORGET_GROWTH_MS)
    memory.workers = { most: n, since: now, seenAt: now };
  memory.workers.seenAt = now;
}

/** False: this worker is to make room, for a shift that is over lets the platform add consumers; or there is no work for it. */
export function stays(tx: LedgerTx, hand: Hand, work: Work): boolean {
  const { memory, now } = tx;
  noteWorkers(tx);
  const isBacklog = memory.wakes.some(({ sentAt, until }) => now - sentAt > BACKLOG_MS && until > now);
  if (isBacklog && isGrowing(tx) && now - hand.openedAt > SHORT_SHIFT_MS) return false;
  const before = workers(tx).filter(
    (other) => other.openedAt < hand.openedAt || (other.openedAt === hand.openedAt && other.owner < hand.owner),
  ).length;
  // Beyond those that the gate wants, each asks the ledger as often as one that is needed.
  if (hand.entries.size > 0) return before < workersFor(tx);
  return before < workersWanted(tx, work);
}
