import { LEASE_MIN_LEFT_MS } from "@prewarm/shared/limits";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { type Effort, type Observed, observeJobs } from "../ittybit/observe-jobs.ts";
import type { Outcome } from "../ledger/contract.ts";
import type { BatchContext, Watched } from "./batch-context.ts";
import { finishJob, outcomeOfEnded, type Result } from "./finish-job.ts";
import { all, guarded } from "./guarded.ts";

/** A page that shows two of our jobs is cheaper than two single reads. */
const EFFORT: Effort = { pages: 3, pageShows: 2, singles: 12 };
/** A lease is renewed this long before its end while nothing else calls the ledger: every 20 s. */
const RENEW_LEFT_MS = 40_000;
/** When a row that was handed over is looked at again, should the collector not have seen its job end by then. */
const HAND_OVER_MS = 15_000;
/** The collector looks about this often; a row that wakes earlier costs a call of its own. */
const COLLECTED_MS = 5_000;
/** How long Ittybit may take to show a job it has just made. */
const APPEARS_WITHIN_MS = 30_000;
/** How often one batch looks at a job that is done and shows no result; and how long after its end no more looks are needed. */
const OUTPUT_LOOKS = 4;
const OUTPUT_WITHIN_MS = 15_000;
/** A refused account or a 429 without a time: when to look again. */
const STOPPED_MS = 60_000;

/** Steps between looks: short and steady where a viewer waits, else growing. */
function pauseMs(context: BatchContext, looks: number): number {
  return context.live ? 500 : Math.min(5_000, 1_000 * 1.5 ** looks);
}

/** Ended long ago by both clocks: such a job is given up even by a batch that may look only once. */
function isLongDone(watched: Watched, job: IttybitJob, now: number): boolean {
  const since = job.finishedAt === null ? Number.POSITIVE_INFINITY : Math.abs(now - job.finishedAt);
  return now - watched.submittedAt >= APPEARS_WITHIN_MS && since >= OUTPUT_WITHIN_MS;
}

/** What is to be done with a job as it was seen: its outcome, its result's URL, or nothing yet. */
function judge(context: BatchContext, watched: Watched, job: IttybitJob | "absent"): Outcome | Result | null {
  const now = context.clock.now();
  if (job === "absent") {
    if (now - watched.submittedAt < APPEARS_WITHIN_MS) return null;
    const failure = { code: "upstream_lost", message: "Ittybit does not know the job any more", httpStatus: 404 };
    return { kind: "failed", class: "transient", failure, posted: true, ended: true };
  }
  if (!job.known) context.log("ittybit.status_unknown", { job: job.id, status: job.said.slice(0, 40) });
  if (job.status === "pending") return null;
  if (job.status !== "done") return outcomeOfEnded(job, watched.attempts);
  if (job.output !== null) return { kind: "result", job, url: job.output };
  if (watched.looks < OUTPUT_LOOKS && !isLongDone(watched, job, now)) return null;
  const failure = { code: "output_missing", message: "the job is done and names no result" };
  return { kind: "failed", class: "transient", failure, posted: true, ended: true };
}

/** A failure is thrown at the end, with the others: until then it must not count as an unhandled rejection. */
function begun(act: Promise<void>): Promise<void> {
  act.catch(() => undefined);
  return act;
}

/** Acts on what was seen; gives back the jobs that go on. Results are fetched beside the watching, into `finishing`. */
function act(
  context: BatchContext,
  watched: readonly Watched[],
  seen: Observed["seen"],
  finishing: Promise<void>[],
): Watched[] {
  const going: Watched[] = [];
  for (const one of watched) {
    const job = seen.get(one.ittybitJob);
    if (job === undefined) {
      going.push(one);
      continue;
    }
    one.looks += 1;
    one.lookAt = context.clock.now() + pauseMs(context, one.looks - 1);
    const verdict = judge(context, one, job);
    if (verdict === null) going.push(one);
    else if (verdict.kind !== "result") context.outcomes.set(one.work.key, verdict);
    else finishing.push(begun(guarded(context, one.work, () => finishJob(context, one, verdict))));
  }
  return going;
}

/** Tells the ledger of ended jobs of its own that others wait for, each once. */
async function report(context: BatchContext, ended: readonly IttybitJob[], reported: Set<string>): Promise<void> {
  const { ledgerId, open } = context.answer;
  const own = ended.filter(({ metadata }) => (metadata.ledger ?? ledgerId) === ledgerId).map(({ id }) => id);
  const fresh = own.filter((ittybitJob) => !reported.has(ittybitJob));
  // Without other open jobs there is nobody to tell.
  if (fresh.length === 0 || open <= context.keys) return;
  for (const ittybitJob of fresh) reported.add(ittybitJob);
  await context.ledger.observeEnded(fresh);
  await context.at("observed");
}

function handOver(context: BatchContext, watched: readonly Watched[], stopped: Observed["stopped"]): void {
  const now = context.clock.now();
  const stoppedMs = stopped === null ? 0 : ((stopped.kind === "throttled" ? stopped.retryAfterMs : null) ?? STOPPED_MS);
  for (const { work, looks, lookAt } of watched) {
    const due =
      looks === 0 ? Math.max(lookAt + COLLECTED_MS, now + stoppedMs) : now + Math.max(HAND_OVER_MS, stoppedMs);
    context.outcomes.set(work.key, { kind: "pending", due });
  }
}

/** How the ledger's collector has seen them end: that costs no call. */
function alreadySeen(watched: readonly Watched[]): Observed["seen"] {
  return new Map(
    watched.flatMap(({ ittybitJob, work: { claim } }): [string, IttybitJob][] =>
      claim.do === "resume" && claim.seen ? [[ittybitJob, { ...claim.seen, id: ittybitJob }]] : [],
    ),
  );
}

/**
 * Looks at jobs until they have ended or the batch's time for waiting is up; jobs that still run then are left to the ledger.
 * A job whose look is due is looked at once at least, however short the time.
 */
export async function watchJobs(context: BatchContext, jobs: readonly Watched[]): Promise<void> {
  const deadline = context.clock.now() + context.waitMs;
  const finishing: Promise<void>[] = [];
  const reported = new Set<string>();
  let watched = act(context, jobs, alreadySeen(jobs), finishing);
  let stopped: Observed["stopped"] = null;
  while (watched.length > 0 && stopped === null) {
    const next = Math.min(...watched.map(({ lookAt }) => lookAt));
    const now = context.clock.now();
    if (next > now) {
      if (next > deadline) break;
      await context.sleep(next - now);
    }
    if (!(await context.lease.ensure(RENEW_LEFT_MS)) && !(await context.lease.ensure(LEASE_MIN_LEFT_MS))) break;
    await context.at("before-poll");
    const due = watched.filter(({ lookAt }) => lookAt <= context.clock.now());
    const observed = await observeJobs(context, watched, due, EFFORT);
    await context.at("polled");
    // Jobs that no call has shown wait for the next look as well.
    for (const one of due)
      if (!observed.seen.has(one.ittybitJob)) one.lookAt = context.clock.now() + pauseMs(context, one.looks);
    stopped = observed.stopped;
    watched = act(context, watched, observed.seen, finishing);
    await report(context, observed.othersEnded, reported);
  }
  handOver(context, watched, stopped);
  await all(finishing);
}
