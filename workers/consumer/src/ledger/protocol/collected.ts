import type { IttybitJob } from "../../ittybit/dialects.ts";
import type { Entry, Hand } from "../tables/hands.ts";
import { CANCELLING } from "../tables/row.ts";
import { noteFound, unmade } from "./found-jobs.ts";
import { openBreaker, probeTaken } from "./gate.ts";
import { learnJobMs } from "./job-times.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import type { Collected } from "./sightings.ts";
import { throttled } from "./throttled.ts";
import { fail, isStale, newGeneration, takeOut } from "./transitions.ts";

/**
 * Applies the observations of the collector: slots become free, results may be fetched. Answers how many jobs ended.
 */
export function collected(tx: LedgerTx, found: Collected): number {
  const { memory, now } = tx;
  if (found.throttledUntil !== null) throttled(tx, found.throttledUntil);
  if (found.account !== null) openBreaker(tx.gateNow, { status: found.account.status, reason: found.account.message });
  for (const job of found.found) noteFound(tx, job);
  unmade(tx, found.unmade);
  const holders = holdersByJob(tx);
  const seen = found.ended.filter((job) => noteEnded(tx, holders, job));
  for (const job of found.pending) {
    const holder = holders.get(job);
    if (holder !== undefined) memory.shown.set(holder.entry.gen, now);
  }
  for (const job of found.absent) {
    release(tx, job);
    giveUp(tx, holders.get(job) ?? null);
  }
  return seen.length;
}

interface Holder {
  hand: Hand;
  entry: Entry;
}

function holdersByJob({ memory }: LedgerTx): Map<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const hand of memory.hands.list())
    for (const entry of hand.entries.values()) if (entry.job !== null) holders.set(entry.job, { hand, entry });
  return holders;
}

/** Frees the slot of a job that was given up and does not run any more. */
function release(tx: LedgerTx, job: string): boolean {
  const { abandoned } = tx.memory;
  const gone = abandoned.list().filter((one) => one.job === job);
  abandoned.delete(
    tx.sql,
    gone.map(({ gen }) => gen),
  );
  return gone.length > 0;
}

function noteEnded(tx: LedgerTx, holders: ReadonlyMap<string, Holder>, job: IttybitJob): boolean {
  const { memory } = tx;
  const isReleased = release(tx, job.id);
  const holder = holders.get(job.id);
  if (holder === undefined || memory.isEnded(holder.entry.gen)) return isReleased;
  memory.sights.set(holder.entry.gen, job);
  learnJobMs(tx.gateNow, tookMs(job, tx.now - holder.entry.grantedAt));
  probeTaken(tx.gateNow, holder.entry.gen);
  return true;
}

/** How long the job took, in ms: by Ittybit's times, or else until its end was observed. */
function tookMs({ createdAt, finishedAt }: IttybitJob, seenAfter: number): number {
  return createdAt === null || finishedAt === null || finishedAt < createdAt ? seenAfter : finishedAt - createdAt;
}

/**
 * Fails a job that Ittybit has lost: the job is long made, on no page of the list, and unknown by its id. A job of a
 * live handler waits for its owner.
 */
function giveUp(tx: LedgerTx, holder: Holder | null): void {
  if (holder === null || !holder.hand.over) return;
  const { entry } = holder;
  const row = tx.rows.byId(entry.id);
  if (row === null || isStale(row, entry) || row.state === CANCELLING) {
    takeOut(tx, holder, true);
    return;
  }
  takeOut(tx, holder, true);
  newGeneration(tx, row);
  const message = `Ittybit made the job ${entry.job ?? ""} and does not know it any more.`;
  if (!fail(tx, row, { entry, failure: { code: "upstream_lost", message }, permanent: false })) row.due = tx.now;
}
