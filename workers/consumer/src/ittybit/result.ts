import type { Clock } from "@prewarm/shared/clock";
import { OUTPUT_MAX_BYTES } from "@prewarm/shared/limits";
import { publicText } from "@prewarm/shared/log";
import type { Failed, Opened, Result, Submitted, WatchedJob } from "../engine.ts";
import { secretsOf } from "../platform/signed-url.ts";
import type { Ittybit } from "./client.ts";
import type { IttybitJob } from "./dialects.ts";
import { openDownload } from "./download.ts";
import { isAnothers, madeOf } from "./job-order.ts";

export interface ResultDeps {
  ittybit: Pick<Ittybit, "get">;
  /** Fetches results; no credentials go through it. */
  fetch: typeof fetch;
  /** Development only: results may come from http on loopback. */
  allowLoopbackHttp: boolean;
  clock: Pick<Clock, "now">;
}

/** How long a job that is done may take to show its result. */
const OUTPUT_WITHIN_MS = 15_000;

/** Under this key Ittybit has a job of something else: a new generation is asked for under a new one. */
export function ofAnother(job: string): Extract<Submitted, { kind: "taken" }> {
  const message = `Ittybit has the job ${job}, of another variant, under this key.`;
  return { kind: "taken", failure: { code: "upstream_conflict", message } };
}

/** A job that fails once more at Ittybit fails because of its original. */
function endedBadly(job: IttybitJob): Failed {
  const secrets = [job.input, job.output].flatMap(secretsOf);
  const message = publicText(job.error?.message ?? "the job failed", secrets);
  if (job.status === "cancelled")
    return { kind: "failed", class: "transient", failure: { code: "upstream_cancelled", message } };
  const kind = job.error?.kind;
  const said = typeof kind === "string" ? { kind: publicText(kind, secrets) } : {};
  return { kind: "failed", class: "once", failure: { code: "upstream_failed", message, ...said } };
}

/** Where the result is, or why it is nowhere. */
function locate(
  { clock }: ResultDeps,
  job: IttybitJob,
  { generation, admittedAt }: WatchedJob,
): { kind: "at"; url: string } | { kind: "later" } | Failed {
  if (job.status === "pending") return { kind: "later" };
  if (isAnothers(job, generation)) return { ...ofAnother(job.id), kind: "failed", class: "transient" };
  if (job.status !== "done") return endedBadly(job);
  if (job.output !== null) return { kind: "at", url: job.output };
  const now = clock.now();
  const finished = job.finishedAt === null ? Number.POSITIVE_INFINITY : Math.abs(now - job.finishedAt);
  if (Math.min(now - admittedAt, finished) < OUTPUT_WITHIN_MS) return { kind: "later" };
  const failure = { code: "output_missing", message: "the job is done and names no result" };
  return { kind: "failed", class: "transient", failure };
}

/** The job as Ittybit shows it now; null when it gives no answer, or does not show the job as done any more. */
async function readDone({ ittybit }: ResultDeps, id: string): Promise<IttybitJob | null> {
  const look = await ittybit.get(id);
  return look.kind === "job" && look.job.status === "done" ? look.job : null;
}

/** The job is read again where it named no result before, or one that cannot be fetched: it may name a fresh URL by now. */
async function open(deps: ResultDeps, watched: WatchedJob): Promise<Opened> {
  const { job, generation, isRetry } = watched;
  const fresh = job.output === null || isRetry ? await readDone(deps, job.id) : null;
  const found = locate(deps, fresh?.output == null ? job : fresh, watched);
  if (found.kind !== "at") return found;
  const settings = { ...deps, maxBytes: OUTPUT_MAX_BYTES };
  const first = await openDownload(found.url, settings);
  if (first.kind !== "unfetched" || isRetry) return first;
  const shown = await readDone(deps, job.id);
  // Ids are reused: the id may show a job of another variant by now.
  const url = shown === null || isAnothers(shown, generation) ? null : shown.output;
  return url === null || url === found.url ? first : openDownload(url, settings);
}

export function resultOf(deps: ResultDeps, watched: WatchedJob): Result {
  const { job, generation } = watched;
  const found = job.status === "done" ? null : locate(deps, job, watched);
  if (found !== null && found.kind !== "at") return found;
  return { kind: "finished", made: madeOf(job, generation), open: () => open(deps, watched) };
}
