import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import type { Batch, Watched } from "../making/batch-context.ts";
import type { Look, NoResult } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";

/** Pages read in one look: each shows up to 100 jobs, newest first. */
const PAGES_MAX = 3;
/** Single reads in one look, for jobs that no page showed. */
const SINGLES_MAX = 12;

export interface Sight {
  /** By job id; `absent` when Ittybit knows no such job. Those not looked at are not in it. */
  jobs: Map<string, IttybitJob | "absent">;
  /** Ended jobs of others, seen in passing. */
  othersEnded: string[];
  /** Why looking had to stop. */
  stopped: Exclude<NoResult, { kind: "rejected" }> | null;
}

function isStop(result: Look | NoResult): result is Extract<NoResult, { kind: "throttled" | "account" }> {
  return result.kind === "throttled" || result.kind === "account";
}

/** Ended jobs of this ledger that somebody else may wait for. Old ones have been seen long ago. */
function endedOthers(batch: Batch, jobs: readonly IttybitJob[], own: ReadonlySet<string>): string[] {
  const oldest = batch.deps.clock.now() - JOB_DEADLINE_MS;
  return jobs
    .filter((job) => job.status !== "pending" && !own.has(job.id))
    .filter((job) => (job.metadata.ledger ?? batch.answer.ledgerId) === batch.answer.ledgerId)
    .filter((job) => job.createdAt === null || job.createdAt >= oldest)
    .map((job) => job.id);
}

/** Reads pages as long as each shows several of ours: then a page is cheaper than single reads. */
async function lookAtPages(batch: Batch, watched: readonly Watched[], sight: Sight): Promise<void> {
  const unseen = new Set(watched.map(({ job }) => job));
  const own = new Set(unseen);
  let next: string | null | undefined;
  for (let page = 0; page < PAGES_MAX && next !== null && unseen.size > 1; page += 1) {
    const query = next === undefined ? {} : { next };
    const listing = await batch.connections.run(() => batch.deps.ittybit.list(query));
    if (listing.kind !== "page") {
      if (listing.kind !== "rejected") sight.stopped = listing.kind === "unclear" ? null : listing;
      return;
    }
    const before = unseen.size;
    for (const job of listing.jobs) if (unseen.delete(job.id)) sight.jobs.set(job.id, job);
    sight.othersEnded.push(...endedOthers(batch, listing.jobs, own));
    if (before - unseen.size < 2) return;
    next = listing.next;
  }
}

async function lookAtSingles(batch: Batch, due: readonly Watched[], sight: Sight): Promise<void> {
  const rest = due.filter(({ job }) => !sight.jobs.has(job)).slice(0, SINGLES_MAX);
  await Promise.all(
    rest.map(({ job }) =>
      batch.connections.run(async () => {
        if (sight.stopped !== null) return;
        const look = await batch.deps.ittybit.get(job);
        if (isStop(look)) sight.stopped = look;
        if (look.kind === "job") sight.jobs.set(job, look.job);
        if (look.kind === "absent") sight.jobs.set(job, "absent");
      }),
    ),
  );
}

/** Looks at the jobs that are due with as few calls as possible, and at the others where that costs nothing. */
export async function look(batch: Batch, watched: readonly Watched[], due: readonly Watched[]): Promise<Sight> {
  const sight: Sight = { jobs: new Map(), othersEnded: [], stopped: null };
  if (watched.length > 1) await lookAtPages(batch, watched, sight);
  if (sight.stopped === null) await lookAtSingles(batch, due, sight);
  return sight;
}
