import { Job, JobDetail, JobPage, jobsQuery } from "@prewarm/control-schema/jobs";
import { jobName } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { formatTransform } from "@prewarm/shared/transform";
import { idOfKey, parseVariantKey } from "@prewarm/shared/variant-key";
import * as z from "zod";
import type { JobAct, NamedJob } from "../ledger/contract.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { acting, viewer } from "./endpoint.ts";
import { jobInput } from "./job-input.ts";
import { originalAddress, variantUrl } from "./links.ts";
import { answer, refusal, refusals } from "./responses.ts";
import { queryFilter } from "./search.ts";

const params = z.object({ job: jobName });

export const jobs = [
  viewer(
    {
      method: "get",
      path: "/api/v1/jobs",
      tags: ["jobs"],
      summary: "Jobs: open ones and those that ended without a variant, then the last stored ones",
      description:
        "Walks past at most 1,000 open jobs, 2,000 ended ones or 1,000 stored ones a call, and has the newest of those first: with more of them, or with a search that matches seldom, a page may be short and still have a `nextCursor`, and the next page may begin with a newer job. A stored job is listed under the run that asked for it first.",
      request: { query: jobsQuery },
      responses: {
        200: answer(JobPage, "A page of jobs"),
        ...refusals,
      },
    },
    async (c, { ledger, clock }) => {
      const { limit, cursor = null, ...query } = c.req.valid("query");
      const { jobs, next } = await ledger.listJobs({ limit, cursor, filter: queryFilter(query, clock.now()) });
      return c.json({ jobs: jobs.map(jobAnswer), nextCursor: next }, 200);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/jobs/{job}",
      tags: ["jobs"],
      summary: "One job with its failed attempts",
      request: { params },
      responses: { 200: answer(JobDetail, "The job"), ...refusals, 404: refusal("No such job") },
    },
    async (c, deps) => {
      const found = await deps.ledger.getJob(c.req.valid("param").job);
      if (found === null)
        throw new ApiError("not_found", {
          detail:
            "No such job; of stored ones the newest 100,000 are remembered. Look at the image: R2 has what is stored.",
        });
      return c.json(await detail(found, c.get("caller"), deps), 200);
    },
  ),
  acting("retry")(
    {
      method: "post",
      path: "/api/v1/jobs/{job}/retry",
      tags: ["jobs"],
      summary: "Try a dead, refused or cancelled job again, or one that waits for its next retry now",
      request: { params },
      responses: {
        202: answer(Job, "It is queued again"),
        ...refusals,
        404: refusal("No such job"),
        409: refusal("The job is open"),
      },
    },
    async (c, { ledger }) => {
      const act = await ledger.retryJob(c.req.valid("param").job, c.get("caller").who);
      return c.json(
        acted(act, "Only a dead, refused or cancelled job can be tried again, and one that waits for its next retry."),
        202,
      );
    },
  ),
  acting("cancel")(
    {
      method: "post",
      path: "/api/v1/jobs/{job}/cancel",
      tags: ["jobs"],
      summary: "Cancel an open job",
      request: { params },
      responses: {
        202: answer(Job, "It is cancelled, or will be as soon as its handler looks"),
        ...refusals,
        404: refusal("No such job"),
        409: refusal("The job has ended"),
      },
    },
    async (c, { ledger }) => {
      const act = await ledger.cancelJob(c.req.valid("param").job, c.get("caller").who);
      return c.json(acted(act, "The job has ended; there is nothing to cancel."), 202);
    },
  ),
];

function acted(act: JobAct, conflict: string): Job {
  if (act.status === "none") throw new ApiError("not_found", { detail: "No such job." });
  if (act.status === "state") throw new ApiError("conflict", { detail: conflict });
  return jobAnswer(act.job);
}

type FoundJob = NonNullable<Awaited<ReturnType<ApiDeps["ledger"]["getJob"]>>>;

async function detail(
  { job: view, attempts, sourceEtag, waitingFor, runs, staging }: FoundJob,
  caller: Caller,
  deps: ApiDeps,
): Promise<JobDetail> {
  const answered = jobAnswer(view);
  const parsed = parseVariantKey(view.key);
  return {
    ...answered,
    generation: view.gen,
    ...{ sourceEtag, waitingFor, runs },
    originalBytes: (await readNote(answered.id, deps))?.bytes ?? null,
    originalUrl: await originalAddress(answered.id, caller, deps),
    input: await jobInput(answered, staging, deps),
    variantUrl: parsed === null ? null : await variantUrl(parsed.id, parsed.transform, parsed.v, deps),
    history: attempts,
  };
}

/** What is known of an image; null: nothing yet. */
export async function readNote(id: string, { bucket }: ApiDeps): Promise<StoredInfo | null> {
  const known = await readInfos({ images: bucket, connections: createSemaphore(1) }, [id]);
  return known.get(id) ?? null;
}

/** A job as the API shows it: with what its key says. */
export function jobAnswer({ gen: _, ...view }: NamedJob): Job {
  const parsed = parseVariantKey(view.key);
  return {
    ...view,
    id: parsed?.id ?? idOfKey(view.key),
    v: parsed?.v ?? null,
    transform: parsed === null ? view.key.slice(view.key.indexOf("/") + 1) : formatTransform(parsed.transform),
    format: parsed?.transform.format ?? "webp",
  };
}
