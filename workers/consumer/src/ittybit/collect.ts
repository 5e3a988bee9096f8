import type { Clock } from "@prewarm/shared/clock";
import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { errorText, type Log } from "../platform/log.ts";
import type { Ittybit } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";

/** A job the ledger waits for. */
export interface OpenJob {
  /** Ittybit's id. */
  job: string;
  /** Unix ms. */
  submittedAt: number;
}

export interface CollectDeps {
  ittybit: Pick<Ittybit, "list" | "get">;
  clock: Clock;
  log: Log;
  /** Makes ended jobs' rows due; unknown ids are ignored. `seen`: those of them that somebody waits for, as they were shown. */
  observeEnded(jobs: string[], seen: IttybitJob[]): Promise<void>;
}

export interface CollectLimits {
  pages: number;
  singles: number;
}

export interface Collected {
  ended: number;
  calls: number;
  /** When Ittybit asked for a pause: do not collect before, Unix ms. */
  notBefore: number | null;
}

const LIMITS: CollectLimits = { pages: 10, singles: 10 };
/** Ittybit's clock and ours may differ by this much. */
const SKEW_MS = 60_000;
/** No job is asked for by itself before it has had this long to show up on a page. */
const SINGLE_AFTER_MS = 10_000;
const THROTTLED_MS = 10_000;

interface Round {
  /** Not seen yet, by job id. */
  unseen: Map<string, number>;
  ended: string[];
  /** Those of `ended` that are waited for. */
  seen: IttybitJob[];
  calls: number;
  notBefore: number | null;
}

/** Whoever's it is: generations that were given up hold a slot until their job is seen to end, and only the ledger knows them. */
function see(round: Round, job: IttybitJob, since: number): void {
  const awaited = round.unseen.delete(job.id);
  const recent = job.createdAt === null || job.createdAt >= since;
  if (job.status === "pending" || !(awaited || recent)) return;
  round.ended.push(job.id);
  if (awaited) round.seen.push(job);
}

/** True when the page reaches back beyond the oldest job that is waited for. */
function isPast(jobs: readonly IttybitJob[], oldest: number): boolean {
  const last = jobs.at(-1)?.createdAt ?? null;
  return last !== null && last < oldest - SKEW_MS;
}

async function readPages(round: Round, deps: CollectDeps, limit: number): Promise<void> {
  const oldest = Math.min(...round.unseen.values());
  const since = deps.clock.now() - JOB_DEADLINE_MS - SKEW_MS;
  let next: string | null | undefined;
  for (let page = 0; page < limit && next !== null && round.unseen.size > 0; page += 1) {
    const listing = await deps.ittybit.list(next === undefined ? {} : { next });
    round.calls += 1;
    if (listing.kind === "throttled") round.notBefore = deps.clock.now() + (listing.retryAfterMs ?? THROTTLED_MS);
    if (listing.kind !== "page") return;
    for (const job of listing.jobs) see(round, job, since);
    if (isPast(listing.jobs, oldest)) return;
    next = listing.next;
  }
}

/** Oldest first: what no page shows is asked for by itself, a few at a time. */
async function readSingles(round: Round, deps: CollectDeps, limit: number): Promise<void> {
  const before = deps.clock.now() - SINGLE_AFTER_MS;
  const oldest = [...round.unseen].filter(([, at]) => at < before).sort(([, a], [, b]) => a - b);
  for (const [job] of oldest.slice(0, limit)) {
    const look = await deps.ittybit.get(job);
    round.calls += 1;
    if (look.kind === "throttled") round.notBefore = deps.clock.now() + (look.retryAfterMs ?? THROTTLED_MS);
    if (look.kind === "job") see(round, { ...look.job, id: job }, 0);
    // A job Ittybit has lost has ended as well: its handler finds that out and says so.
    if (look.kind === "absent") round.ended.push(job);
    if (look.kind === "throttled" || look.kind === "account") return;
  }
}

/**
 * The one collector: sees which of the ledger's open jobs have ended, with few calls however many handlers there are. Pages
 * newest first until past the oldest job, then single reads for what pages do not show; all bounded, so that the next alarm
 * goes on where this one stopped. Never throws.
 */
export async function collect(
  open: readonly OpenJob[],
  deps: CollectDeps,
  limits: CollectLimits = LIMITS,
): Promise<Collected> {
  const round: Round = {
    unseen: new Map(open.map(({ job, submittedAt }) => [job, submittedAt])),
    ended: [],
    seen: [],
    calls: 0,
    notBefore: null,
  };
  try {
    if (open.length > 1) await readPages(round, deps, limits.pages);
    if (round.notBefore === null) await readSingles(round, deps, open.length > 1 ? limits.singles : 1);
    if (round.ended.length > 0) await deps.observeEnded(round.ended, round.seen);
  } catch (error) {
    deps.log("collect.failed", { error: errorText(error) });
  }
  return { ended: round.ended.length, calls: round.calls, notBefore: round.notBefore };
}
