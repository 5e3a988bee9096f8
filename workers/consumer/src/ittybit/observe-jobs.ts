import type { Clock } from "@prewarm/shared/clock";
import { JOB_DEADLINE_MS, THROTTLED_MS } from "@prewarm/shared/limits";
import { errorText, type Log } from "../platform/log.ts";
import { createSemaphore, type Semaphore } from "../platform/semaphore.ts";
import type { Ittybit, NoResult } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";

/** A job whose end somebody waits for. */
export interface AwaitedJob {
  ittybitJob: string;
  /** Unix ms. */
  submittedAt: number;
}

/** How many calls one observation may make. */
export interface Effort {
  /** Pages of the list, of up to 100 jobs each, newest first. */
  pages: number;
  /** Give up on pages after one that shows fewer awaited jobs than this: from there on single reads are as cheap. */
  pageShows: number;
  /** Single reads, of jobs that no page showed. */
  singles: number;
  /** The same, where the service lists no jobs. Default `singles`. */
  singlesWithoutList?: number;
}

export interface Observed {
  /** The awaited jobs by id, `absent` when Ittybit knows no such job. Jobs that no call showed are not in it. */
  seen: Map<string, IttybitJob | "absent">;
  /** Other jobs that ended lately: whoever waits for them need not ask. */
  othersEnded: IttybitJob[];
  calls: number;
  /** True when the service lists no jobs. */
  noList: boolean;
  /** Why no more calls may be made. */
  stopped: Extract<NoResult, { kind: "throttled" | "account" }> | null;
}

interface Observer {
  ittybit: Pick<Ittybit, "list" | "get">;
  clock: Pick<Clock, "now">;
  connections: Semaphore;
}

/** Ittybit's clock and ours may differ by this much. */
const SKEW_MS = 60_000;

function note(observed: Observed, job: IttybitJob, awaited: ReadonlySet<string>, since: number): void {
  if (awaited.has(job.id)) observed.seen.set(job.id, job);
  // Older ones were reported long ago.
  else if (job.status !== "pending" && (job.createdAt ?? since) >= since) observed.othersEnded.push(job);
}

/** True when the page reaches back beyond the oldest job that is waited for. */
function isPast(jobs: readonly IttybitJob[], oldest: number): boolean {
  const last = jobs.at(-1)?.createdAt ?? null;
  return last !== null && last < oldest - SKEW_MS;
}

async function readPages(
  observer: Observer,
  observed: Observed,
  awaited: readonly AwaitedJob[],
  { pages, pageShows }: Effort,
): Promise<void> {
  const { ittybit, clock, connections } = observer;
  const ids = new Set(awaited.map(({ ittybitJob }) => ittybitJob));
  const oldest = Math.min(...awaited.map(({ submittedAt }) => submittedAt));
  const since = clock.now() - JOB_DEADLINE_MS - SKEW_MS;
  let next: string | null | undefined;
  for (let page = 0; page < pages && next !== null; page += 1) {
    const before = observed.seen.size;
    if (ids.size - before < Math.max(1, pageShows)) return;
    const query = next === undefined ? {} : { next };
    const listing = await connections.run(() => ittybit.list(query));
    observed.calls += 1;
    if (listing.kind === "throttled" || listing.kind === "account") observed.stopped = listing;
    observed.noList = listing.kind === "noList";
    if (listing.kind !== "page") return;
    for (const job of listing.jobs) note(observed, job, ids, since);
    if (observed.seen.size - before < pageShows || isPast(listing.jobs, oldest)) return;
    next = listing.next;
  }
}

async function readSingle({ ittybit }: Observer, observed: Observed, ittybitJob: string): Promise<void> {
  if (observed.stopped !== null) return;
  const look = await ittybit.get(ittybitJob);
  observed.calls += 1;
  if (look.kind === "throttled" || look.kind === "account") observed.stopped = look;
  if (look.kind === "absent") observed.seen.set(ittybitJob, "absent");
  // A dialect may answer with another id than the one it was asked for.
  if (look.kind === "job") observed.seen.set(ittybitJob, { ...look.job, id: ittybitJob });
}

/**
 * Observes jobs with few calls: pages newest first while they pay, then single reads of those of the `due` jobs that no page
 * showed, in their order. One awaited job alone is read by itself. Never throws.
 */
export async function observeJobs(
  observer: Observer,
  awaited: readonly AwaitedJob[],
  due: readonly AwaitedJob[],
  effort: Effort,
): Promise<Observed> {
  const observed: Observed = { seen: new Map(), othersEnded: [], calls: 0, noList: false, stopped: null };
  if (awaited.length > 1) await readPages(observer, observed, awaited, effort);
  const { singles, singlesWithoutList = singles } = effort;
  const most = observed.noList ? singlesWithoutList : singles;
  const unseen = due.filter(({ ittybitJob }) => !observed.seen.has(ittybitJob)).slice(0, most);
  await Promise.all(
    unseen.map(({ ittybitJob }) => observer.connections.run(() => readSingle(observer, observed, ittybitJob))),
  );
  return observed;
}

/** The collector waits for all open jobs: it reads on even after a page that shows none of them. */
const COLLECTOR: Effort = { pages: 10, pageShows: 0, singles: 10, singlesWithoutList: 100 };
/** Calls of the collector at once: the object has other work, and six connections. */
const COLLECTOR_CALLS = 4;
/** Before the collector reads a job by itself, the job has had this long to show up on a page. */
const SINGLE_AFTER_MS = 10_000;

/**
 * The one collector of the ledger: reports which of its open jobs have ended, with few calls however many handlers there
 * are. Jobs of other generations are reported too: an abandoned generation holds its slot until its job is seen to end.
 * The calls are bounded; the next alarm goes on where this one stopped. Never throws.
 *
 * @param observeEnded takes the ids of ended jobs, unknown ones among them, and those of `open` as they were shown
 * @returns `notBefore`: when Ittybit asked for a pause, its end, Unix ms
 */
export async function collectEnded(
  open: readonly AwaitedJob[],
  observeEnded: (ittybitJobs: string[], seen: IttybitJob[]) => Promise<void>,
  { ittybit, clock, log }: Omit<Observer, "connections"> & { log: Log },
  effort: Effort = COLLECTOR,
): Promise<{ ended: number; calls: number; notBefore: number | null }> {
  const due = open
    .filter(({ submittedAt }) => submittedAt < clock.now() - SINGLE_AFTER_MS)
    .sort((a, b) => a.submittedAt - b.submittedAt);
  const observer = { ittybit, clock, connections: createSemaphore(COLLECTOR_CALLS) };
  const { seen, othersEnded, calls, stopped } = await observeJobs(observer, open, due, effort);
  const notBefore = stopped?.kind === "throttled" ? clock.now() + (stopped.retryAfterMs ?? THROTTLED_MS) : null;
  // A job that Ittybit has lost has ended as well: its handler finds that out and says so.
  const endedOnes = [...seen].filter(([, job]) => job === "absent" || job.status !== "pending");
  const shown = endedOnes.flatMap(([, job]) => (job === "absent" ? [] : [job]));
  const ended = [...endedOnes.map(([ittybitJob]) => ittybitJob), ...othersEnded.map(({ id }) => id)];
  try {
    if (ended.length > 0) await observeEnded(ended, shown);
  } catch (error) {
    log("collect.failed", { error: errorText(error) });
  }
  return { ended: ended.length, calls, notBefore };
}
