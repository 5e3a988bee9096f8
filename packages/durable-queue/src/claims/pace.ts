import { closedFor, fetchesAllowed, goalPerSecond, isClosedForAll, isFull } from "../admission/gate.ts";
import { slotsTaken } from "../admission/slots.ts";
import { quantileMs, usualMs } from "../memory/gate-memory.ts";
import type { Owner } from "../tables/claim.ts";
import { laneCodes, laneName } from "../tables/lanes.ts";
import { type LaneCode, URGENT } from "../tables/row.ts";
import { LEASE_MS, SILENT_MS, WAKE_MS } from "../times.ts";
import { FOR_EVER, type QueueTx } from "../tx/queue-tx.ts";

/** Jobs a second of one worker: six connections, in use for 70 % of the time, of which a job needs 0.46 s. */
const JOBS_A_SECOND = (6 * 0.7) / 0.46;
/** Jobs per additional worker: of those to be made, and of those about to end. */
const JOBS_A_WORKER = { made: 8, watched: 32 };
/** Duration of a head and a probe. */
const PREPARE_MS = 100;
/** A worker stays for a job that ends within this. */
const SOON_MS = 2_000;
/** Of an urgent job: its POST is answered and reported by then; and nobody waits any more, unless jobs take that long. */
const URGENT_MS = { post: 1_000, slow: 10_000 };
/** Between two calls of a worker: `each` for every worker within the bounds, of the only one, and for an urgent job. */
const PACE_MS = { alone: 300, least: 450, each: 40, most: 620, urgent: 200 };

/** Workers that take every kind of job, in the order in which they came. */
export function workers({ memory, now }: QueueTx): Owner[] {
  const isHeard = ({ until }: Owner) => until - LEASE_MS > now - SILENT_MS;
  const isFree = (owner: Owner) => owner.role === "work" && !owner.draining && !owner.exclusive;
  return memory.claims.owners().filter((owner) => isFree(owner) && isHeard(owner));
}

/** The work that exists now or soon. */
export interface Work {
  /** Jobs that may be handed out. */
  now: number;
  /** Jobs at the service that may end within SOON_MS. */
  soon: number;
  /** ms until an urgent job may need a call; 0: at once; null: no urgent job is open, or all of them are slow. */
  urgentMs: number | null;
  /** Whether all of it is urgent. */
  isUrgentOnly: boolean;
}

/** All workers together call every ~40 ms, so that a free slot does not wait. */
function paceMs(tx: QueueTx): number {
  const n = workers(tx).length;
  return n <= 1 ? PACE_MS.alone : Math.min(PACE_MS.most, Math.max(PACE_MS.least, PACE_MS.each * n));
}

/** ms until a handler calls again. An urgent job cannot end before its kind usually does. */
export function againMs(tx: QueueTx, { urgentMs, isUrgentOnly }: Work): number {
  if (urgentMs === null) return paceMs(tx);
  return Math.max(PACE_MS.urgent, Math.min(urgentMs, isUrgentOnly ? SOON_MS : paceMs(tx)));
}

/** Jobs to prepare that a worker should hold: about 1.5 times the jobs that it POSTs until its next call. */
export function prefetchTarget(tx: QueueTx): number {
  const n = Math.max(1, workers(tx).length);
  return Math.ceil((1.5 * goalPerSecond(tx.gateNow) * (paceMs(tx) + PREPARE_MS)) / 1000 / n) + 2;
}

export function workOf(tx: QueueTx): Work {
  const { memory, now } = tx;
  const work: Work = { now: 0, soon: 0, urgentMs: null, isUrgentOnly: true };
  if (isClosedForAll(tx.gateNow)) return work;
  const admitted = new Map<LaneCode, number>();
  const fetches = fetchesAllowed(tx.gateNow);
  let fetched = 0;
  const earliest = quantileMs(tx.gateNow, 0.02);
  const slowAt = Math.max(URGENT_MS.slow, 2 * quantileMs(tx.gateNow, 0.98));
  for (const { gen, lane, externalId, due, admittedAt, heardAt, state, owner } of memory.claims.held()) {
    if (state !== "admitted") continue;
    admitted.set(lane, (admitted.get(lane) ?? 0) + 1);
    const [isEnded, age] = [memory.isEnded(gen), now - admittedAt];
    const newsAt = externalId === null ? admittedAt + URGENT_MS.post : (heardAt || admittedAt) + earliest;
    const mayPost = externalId === null && closedFor(tx.gateNow, laneName(tx.lanes, lane), true) === null;
    // No worker waits for a slow job. The observation of its end wakes a worker.
    const isWatched = !isEnded && age < slowAt && (lane === URGENT || age > earliest - SOON_MS);
    // The probe of a result does not wait for the time of that result.
    const isDue = due <= now || (isEnded && fetches === 1);
    if (owner === null && isDue && (mayPost || (isEnded && fetched < fetches))) {
      work.now += 1;
      fetched += isEnded ? 1 : 0;
    } else if (isWatched && externalId !== null) work.soon += 1;
    if (lane !== URGENT) work.isUrgentOnly = false;
    else if (isEnded && fetches > 0) work.urgentMs = owner === null ? 0 : (work.urgentMs ?? SOON_MS);
    else if (isWatched) work.urgentMs = Math.min(work.urgentMs ?? SOON_MS, newsAt - now);
  }
  for (const lane of laneCodes(tx.lanes)) {
    const n = runnable(tx, lane, admitted.get(lane) ?? 0);
    work.now += n;
    if (n > 0 && lane === URGENT) work.urgentMs = 0;
    else if (n > 0) work.isUrgentOnly = false;
  }
  return work;
}

/** Waiting jobs of an open lane while a slot is free. All of them may wait for their time. */
function runnable(tx: QueueTx, lane: LaneCode, admitted: number): number {
  const n = tx.waiting(lane) - admitted;
  const name = laneName(tx.lanes, lane);
  if (n <= 0 || closedFor(tx.gateNow, name) !== null || isFull(tx.gateNow, name, slotsTaken(tx))) return 0;
  return (tx.readyAt(lane) ?? FOR_EVER) <= tx.dueBy ? n : 0;
}

/** Workers that the gate's rate needs. */
const workersFor = ({ gateNow }: QueueTx): number =>
  Math.ceil(goalPerSecond(gateNow, usualMs(gateNow)) / JOBS_A_SECOND);

/** Workers that the work needs. A worker that waits for the end of jobs needs no connection. */
function workersWanted(tx: QueueTx, work: Work): number {
  const byWork = Math.ceil(Math.max(work.now / JOBS_A_WORKER.made, work.soon / JOBS_A_WORKER.watched));
  return Math.min(tx.config.limits.workers, Math.max(1, workersFor(tx)), byWork);
}

/** Wake-ups to send now. They count as under way from now on. */
export function wakesDue(tx: QueueTx): number {
  const { memory, now } = tx;
  memory.wakes = memory.wakes.filter((sentAt) => now - sentAt < WAKE_MS);
  const n = Math.max(0, workersWanted(tx, workOf(tx)) - workers(tx).length - memory.wakes.length);
  memory.wakes.push(...Array.from({ length: n }, () => now));
  return n;
}

/** False: this worker must leave. Workers beyond the needed ones, the youngest, would call as often as the others. */
export function stays(tx: QueueTx, owner: Owner, work: Work): boolean {
  const before = Math.max(0, workers(tx).indexOf(owner));
  return before < (owner.claims.size > 0 ? workersFor(tx) : workersWanted(tx, work));
}
