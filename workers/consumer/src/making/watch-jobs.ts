import { LEASE_MIN_LEFT_MS } from "@prewarm/shared/limits";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { look, type Sight } from "../ittybit/look.ts";
import type { Outcome } from "../ledger/contract.ts";
import type { Batch, Watched } from "./batch-context.ts";
import { outcomeOfEnded, storeResult } from "./finish-job.ts";
import { all, guarded } from "./guarded.ts";

/** A lease is renewed this long before its end while nothing else calls the ledger: every 20 s. */
const RENEW_LEFT_MS = 40_000;
/** When a row that was handed over is looked at again, should the collector not have seen its job end by then. */
const HAND_OVER_MS = 15_000;
/** The collector comes by about this often; a row that is woken before it costs a look of its own. */
const COLLECTED_MS = 5_000;
/** How long Ittybit may take to show a job it has just made. */
const APPEARS_WITHIN_MS = 30_000;
/** Looks at a job that is done and shows no result, in one batch; or how long after its end, however few the looks. */
const OUTPUT_LOOKS = 4;
const OUTPUT_WITHIN_MS = 15_000;
/** A refused account or a 429 without a time: when to look again. */
const STOPPED_MS = 60_000;

/** Steps between looks: short and steady where a viewer waits, else growing. */
function pauseMs(batch: Batch, looks: number): number {
  return batch.live ? 500 : Math.min(5_000, 1_000 * 1.5 ** looks);
}

/** Ended long ago by both clocks: a batch that may look only once must come to an end with it, too. */
function isLongDone(watched: Watched, job: IttybitJob, now: number): boolean {
  const since = job.finishedAt === null ? Number.POSITIVE_INFINITY : Math.abs(now - job.finishedAt);
  return now - watched.submittedAt >= APPEARS_WITHIN_MS && since >= OUTPUT_WITHIN_MS;
}

/** What is to be done with a job as it was seen: its outcome, its result's URL, or nothing yet. */
function judge(
  batch: Batch,
  watched: Watched,
  job: IttybitJob | "absent",
): Outcome | { kind: "result"; url: string } | null {
  const { now } = batch.deps.clock;
  if (job === "absent") {
    if (now() - watched.submittedAt < APPEARS_WITHIN_MS) return null;
    const failure = { code: "upstream_lost", message: "Ittybit does not know the job any more", httpStatus: 404 };
    return { kind: "failed", class: "transient", failure, posted: true, ended: true };
  }
  if (!job.known) batch.deps.log("ittybit.status_unknown", { job: job.id, status: job.said.slice(0, 40) });
  if (job.status === "pending") return null;
  if (job.status !== "done") return outcomeOfEnded(job, watched.attempts);
  if (job.output !== null) return { kind: "result", url: job.output };
  if (watched.looks < OUTPUT_LOOKS && !isLongDone(watched, job, now())) return null;
  const failure = { code: "output_missing", message: "the job is done and names no result" };
  return { kind: "failed", class: "transient", failure, posted: true, ended: true };
}

async function finish(batch: Batch, watched: Watched, job: IttybitJob, url: string): Promise<void> {
  const outcome = await storeResult(batch, watched, job, url);
  if (outcome !== null) batch.outcomes.set(watched.work.key, outcome);
}

/** A failure is waited for at the end, with the others: until then it is not one that nobody handles. */
function begun(act: Promise<void>): Promise<void> {
  act.catch(() => undefined);
  return act;
}

/** Acts on what was seen; gives back the jobs that go on. Results are fetched beside the watching, into `finishing`. */
function act(batch: Batch, watched: readonly Watched[], sight: Sight, finishing: Promise<void>[]): Watched[] {
  const going: Watched[] = [];
  for (const one of watched) {
    const job = sight.jobs.get(one.job);
    if (job === undefined) {
      going.push(one);
      continue;
    }
    one.looks += 1;
    one.lookAt = batch.deps.clock.now() + pauseMs(batch, one.looks - 1);
    const verdict = judge(batch, one, job);
    if (verdict === null) going.push(one);
    else if (verdict.kind !== "result") batch.outcomes.set(one.work.key, verdict);
    else if (job !== "absent")
      finishing.push(begun(guarded(batch, one.work, () => finish(batch, one, job, verdict.url))));
  }
  return going;
}

async function report(batch: Batch, sight: Sight, reported: Set<string>): Promise<void> {
  const fresh = sight.othersEnded.filter((job) => !reported.has(job));
  // Without other open jobs there is nobody to tell.
  if (fresh.length === 0 || batch.answer.open <= batch.keys) return;
  for (const job of fresh) reported.add(job);
  await batch.lease.call("observeEnded", () => batch.deps.ledger.observeEnded(fresh));
  await batch.deps.at("observed");
}

function handOver(batch: Batch, watched: readonly Watched[], stopped: Sight["stopped"]): void {
  const now = batch.deps.clock.now();
  const stoppedMs = stopped === null ? 0 : ((stopped.kind === "throttled" ? stopped.retryAfterMs : null) ?? STOPPED_MS);
  for (const { work, looks, lookAt } of watched) {
    const due =
      looks === 0 ? Math.max(lookAt + COLLECTED_MS, now + stoppedMs) : now + Math.max(HAND_OVER_MS, stoppedMs);
    batch.outcomes.set(work.key, { kind: "pending", due });
  }
}

/** What the ledger's collector has seen of them costs no call. */
function alreadySeen(jobs: readonly Watched[]): Sight {
  const seen = jobs.flatMap(({ job, work: { claim } }): [string, IttybitJob][] =>
    claim.do === "resume" && claim.seen ? [[job, { ...claim.seen, id: job }]] : [],
  );
  return { jobs: new Map(seen), othersEnded: [], stopped: null };
}

/**
 * Looks at jobs until they have ended or the batch's time for waiting is up; what goes on then is handed over to its row.
 * A job whose look is due is looked at once at least, however short the time.
 */
export async function watchJobs(batch: Batch, jobs: readonly Watched[]): Promise<void> {
  const { deps } = batch;
  const deadline = deps.clock.now() + batch.waitMs;
  const finishing: Promise<void>[] = [];
  const reported = new Set<string>();
  let watched = act(batch, jobs, alreadySeen(jobs), finishing);
  let stopped: Sight["stopped"] = null;
  while (watched.length > 0 && stopped === null) {
    const next = Math.min(...watched.map(({ lookAt }) => lookAt));
    const now = deps.clock.now();
    if (next > now) {
      if (next > deadline) break;
      await deps.sleep(next - now);
    }
    if (!(await batch.lease.ensure(RENEW_LEFT_MS)) && !(await batch.lease.ensure(LEASE_MIN_LEFT_MS))) break;
    await deps.at("before-poll");
    const due = watched.filter(({ lookAt }) => lookAt <= deps.clock.now());
    const sight = await look(batch, watched, due);
    await deps.at("polled");
    // Those that no call has shown wait for the next look as well.
    for (const one of due) if (!sight.jobs.has(one.job)) one.lookAt = deps.clock.now() + pauseMs(batch, one.looks);
    stopped = sight.stopped;
    watched = act(batch, watched, sight, finishing);
    await report(batch, sight, reported);
  }
  handOver(batch, watched, stopped);
  await all(finishing);
}
