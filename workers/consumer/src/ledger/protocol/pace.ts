import { WORKERS_MAX } from "@prewarm/shared/limits";
import { nextDueAt } from "../tables/due.ts";
import type { Hand } from "../tables/hands.ts";
import { LANE_CODES, type LaneCode, LIVE, laneName } from "../tables/row.ts";
import { closedFor, goalPerSecond, slotsOf } from "./gate.ts";
import { quantileMs } from "./job-times.ts";
import { isLive } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Memory } from "./memory.ts";
import { slotsUsed } from "./slots.ts";

/** Connection-seconds of one variant: head, probe, POST, download, put. */
const CONNECTION_SECONDS = 0.46;
const CONNECTIONS = 6;
/** How much of its connections a worker keeps busy. */
const USE = 0.6;
/** A head and a probe. */
const PREPARE_MS = 100;
/** Jobs that are worth a worker more. */
const JOBS_A_WORKER = 8;
/** A wake-up is believed under way for so long. */
const WAKE_MS = 30_000;
/** One that nobody answered for so long stands in the queue: the platform adds consumers only when a batch completes. */
const BACKLOG_MS = 2_000;
const SHORT_SHIFT_MS = 3_000;
/** A job that will end within this is worth staying for. */
const SOON_MS = 2_000;
const LIVE_PACE_MS = 200;
const LONE_PACE_MS = 300;
const PACE_A_WORKER_MS = 40;
const PACE_MS = { from: 450, to: 800 } as const;

/** Workers that take what there is. */
function workers({ memory, now }: LedgerTx): Hand[] {
  return memory.hands.list().filter((hand) => hand.role === "work" && isLive(hand, now) && !hand.draining);
}

/** ms until a handler calls again: some worker asks every ~40 ms, so that a free slot does not wait. */
export function paceMs(tx: LedgerTx): number {
  if (viewersAreOpen(tx)) return LIVE_PACE_MS;
  const n = workers(tx).length;
  return n <= 1 ? LONE_PACE_MS : Math.min(PACE_MS.to, Math.max(PACE_MS.from, PACE_A_WORKER_MS * n));
}

function viewersAreOpen(tx: LedgerTx): boolean {
  return tx.counts.some(({ lane, state, n }) => lane === LIVE && n > 0 && isWaiting(state));
}

/** Jobs to be looked at that a worker should hold: about one and a half times what will go until its next call. */
export function standbyTarget(tx: LedgerTx): number {
  const n = Math.max(1, workers(tx).length);
  return Math.ceil((1.5 * goalPerSecond(tx.gateNow) * (paceMs(tx) + PREPARE_MS)) / 1000 / n) + 2;
}

function isWaiting(state: number): boolean {
  return state === 0 || state === 6;
}

/** What there is to do: now, or soon. */
interface Work {
  /** Jobs that may be handed out. */
  now: number;
  /** Jobs at Ittybit that may end within SOON_MS, and viewers' jobs whenever they end. */
  soon: number;
}

export function workOf(tx: LedgerTx): Work {
  const { memory, now } = tx;
  let finishable = 0;
  let soon = 0;
  const granted = { 0: 0, 1: 0, 2: 0 };
  const young = quantileMs(tx.gateNow, 0.02) - SOON_MS;
  for (const { over, entries } of memory.hands.list()) {
    for (const { gen, lane, job, due, grantedAt, granted: isGranted } of entries.values()) {
      if (!isGranted) continue;
      granted[lane] += 1;
      if (over && due <= now && (job === null || memory.isEnded(gen))) finishable += 1;
      else if (job !== null && !memory.isEnded(gen) && (lane === LIVE || now - grantedAt > young)) soon += 1;
    }
  }
  return { now: finishable + runnable(tx, granted), soon };
}

/** Waiting jobs of open lanes, while a slot is free or about to be. */
function runnable(tx: LedgerTx, granted: Record<LaneCode, number>): number {
  const counts = tx.counts;
  const used = slotsUsed(tx);
  return LANE_CODES.reduce<number>((sum, lane) => {
    const open = counts.reduce((n, count) => (count.lane === lane && isWaiting(count.state) ? n + count.n : n), 0);
    const waiting = open - granted[lane];
    if (waiting <= 0 || closedFor(tx.gateNow, laneName(lane)) !== null || used >= slotsOf(tx.gateNow, laneName(lane)))
      return sum;
    return sum + Math.max(0, waiting - notYetDue(tx, lane, waiting));
  }, 0);
}

/** All of a lane's waiting jobs may be retries that wait for their time. */
function notYetDue(tx: LedgerTx, lane: LaneCode, waiting: number): number {
  if (tx.memory.fresh.hasAny(lane)) return 0;
  const isAnyDue = (nextDueAt(tx.sql, lane, 0) ?? Number.POSITIVE_INFINITY) <= tx.now;
  return isAnyDue ? 0 : waiting;
}

/** How many workers there is work for. */
export function workersWanted(tx: LedgerTx): number {
  const work = workOf(tx);
  if (work.now + work.soon === 0) return 0;
  const byRate = Math.ceil((goalPerSecond(tx.gateNow) * CONNECTION_SECONDS) / CONNECTIONS / USE);
  const byWork = Math.ceil((work.now + work.soon) / JOBS_A_WORKER);
  return Math.max(1, Math.min(WORKERS_MAX, byRate, byWork));
}

/** Wake-ups to send now; they are believed under way. */
export function wakesDue(tx: LedgerTx): number {
  const { memory, now } = tx;
  memory.wakes = memory.wakes.filter(({ until }) => until > now);
  const n = Math.max(0, workersWanted(tx) - workers(tx).length - memory.wakes.length);
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

/** False: this worker is to make room, for a shift that is over lets the platform add consumers; or there is no work for it. */
export function stays(tx: LedgerTx, hand: Hand): boolean {
  const { memory, now } = tx;
  const isBacklog = memory.wakes.some(({ sentAt, until }) => now - sentAt > BACKLOG_MS && until > now);
  if (isBacklog && now - hand.openedAt > SHORT_SHIFT_MS) return false;
  if (hand.entries.size > 0) return true;
  const before = workers(tx).filter((other) => other.openedAt < hand.openedAt).length;
  return before < workersWanted(tx);
}
