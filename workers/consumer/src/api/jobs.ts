import type { Job, JobDetail } from "@prewarm/control-schema/jobs";
import { ApiError } from "@prewarm/shared/api-errors";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { formatTransform } from "@prewarm/shared/transform";
import { idOfKey, jobOfKey, parseVariantKey } from "@prewarm/shared/variant-key";
import type { JobAct, NamedJob } from "../ledger/calls.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { jobInput } from "./job-input.ts";
import { originalAddress, variantUrl } from "./links.ts";
import { queryFilter } from "./search.ts";

export const jobs = {
  "GET /api/v1/jobs": async ({ query: { limit, cursor = null, ...query } }, { ledger, clock }) => {
    const { jobs, next } = await ledger.listJobs({ limit, cursor, filter: queryFilter(query, clock.now()) });
    return { jobs: jobs.map(jobAnswer), nextCursor: next };
  },
  "GET /api/v1/jobs/{job}": async ({ params, caller }, deps) => {
    const found = await deps.ledger.getJob(params.job);
    if (found === null)
      throw new ApiError("not_found", {
        detail:
          "No such job; of stored ones the newest 100,000 are remembered. Look at the image: R2 has what is stored.",
      });
    return detail(found, caller, deps);
  },
  "POST /api/v1/jobs/{job}/retry": async ({ params, caller }, { ledger }) =>
    acted(
      await ledger.retryJob(params.job, caller.who),
      "Only a dead, refused or cancelled job can be tried again, and one that waits for its next retry.",
    ),
  "POST /api/v1/jobs/{job}/cancel": async ({ params, caller }, { ledger }) =>
    acted(await ledger.cancelJob(params.job, caller.who), "The job has ended; there is nothing to cancel."),
} satisfies Resource;

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
    sourceEtag,
    waitingFor,
    runs,
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
    transform: parsed === null ? jobOfKey(view.key).part : formatTransform(parsed.transform),
    format: parsed?.transform.format ?? "webp",
  };
}
