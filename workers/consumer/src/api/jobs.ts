import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { JOB_STATES, LANES } from "@prewarm/shared/job";
import { formatTransform } from "@prewarm/shared/transform";
import { idOfKey, parseVariantKey } from "@prewarm/shared/variant-key";
import type { JobAct, NamedJob } from "../ledger/contract.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { readInfos } from "../store/info.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { acting, viewer } from "./endpoint.ts";
import { originalAddress, variantUrl } from "./links.ts";
import {
  answer,
  bytes,
  count,
  cursor,
  format,
  jobName,
  jobState,
  lane,
  limit,
  listOf,
  nextCursor,
  refusal,
  refusals,
  time,
} from "./schema-words.ts";
import { queryFilter } from "./search.ts";

export const jobError = z.object({ code: z.string(), message: z.string() }).openapi("JobError");

export const job = z
  .object({
    job: jobName.openapi({ description: "The job's name; a variant ordered again keeps it" }),
    key: z.string(),
    id: z.string().openapi({ description: "The image's id" }),
    v: z.string().nullable(),
    transform: z.string().openapi({ example: "w=800&q=high&f=webp" }),
    format,
    state: jobState,
    lane,
    run: z.string().nullable(),
    attempts: count,
    error: jobError.nullable(),
    ittybitJob: z.string().nullable(),
    due: time.nullable().openapi({ description: "When it is looked at next" }),
    createdAt: time,
    updatedAt: time,
    submittedAt: time.nullable().openapi({ description: "When Ittybit was asked last" }),
    tookMs: count.nullable().openapi({ description: "How long Ittybit worked on what is stored, ms" }),
    storedAt: time.nullable(),
    bytes: bytes.nullable(),
  })
  .openapi("Job");
export type Job = z.infer<typeof job>;

const attempt = z
  .object({
    number: count,
    startedAt: time.nullable(),
    endedAt: time,
    tookMs: count.nullable(),
    httpStatus: z.number().int().nullable(),
    kind: z.string().nullable().openapi({ description: "Ittybit's kind of error" }),
    code: z.string(),
    message: z.string(),
    ittybitJob: z.string().nullable(),
  })
  .openapi("Attempt", { description: "One failed try; waiting, throttling and pausing are none" });

export const waitingFor = z
  .object({
    code: z.string().openapi({ example: "retry" }),
    text: z.string().openapi({ example: "Retry 3 of 7, in 40 s." }),
    until: time.nullable().openapi({ description: "When that ends by itself" }),
    ahead: count.nullable().openapi({ description: "Jobs before it, or of it; null where there is no line" }),
  })
  .nullable()
  .openapi("WaitingFor", {
    description: "Why something waits, as the ledger's next decision has it; null: it does not",
  });

const jobDetail = job
  .extend({
    generation: count,
    sourceEtag: z.string().nullable(),
    waitingFor,
    runs: z
      .array(z.string())
      .openapi({ description: "All that wait for it, the first asker first; of a stored job that one" }),
    originalBytes: bytes.nullable().openapi({ description: "Of the original, once a variant of it is stored" }),
    originalUrl: z.string().nullable(),
    variantUrl: z.string().nullable(),
    /** Failed attempts, oldest first. */
    history: z.array(attempt),
  })
  .openapi("JobDetail");

const search = z.string().max(500).optional().openapi({
  description:
    "Qualifiers `id:` `format:` `error:` `run:` `lane:` `state:` `age:>1h` `attempts:>3` (quotes allowed, all must match) and free text within the variant key",
  example: 'error:upstream_failed format:avif "summer sale"',
});

export const jobFilterQuery = z.object({
  state: listOf(JOB_STATES),
  lane: listOf(LANES),
  run: z.string().max(80).optional(),
  search,
});

const params = z.object({ job: jobName });

export const jobs = [
  viewer(
    {
      method: "get",
      path: "/api/v1/jobs",
      tags: ["jobs"],
      summary: "Jobs: what is open or ended without bytes, then what was stored of late",
      description:
        "Walks past at most 1,000 open jobs, 2,000 ended ones or 1,000 stored ones a call, and has the newest of those first: with more of them, or with a search that matches seldom, a page may be short and still have a `nextCursor`, and the next page may begin with a newer job. A stored job is listed under the run that asked for it first.",
      request: { query: jobFilterQuery.extend({ limit, cursor }) },
      responses: {
        200: answer(z.object({ jobs: z.array(job), nextCursor }).openapi("JobPage"), "A page of jobs"),
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
      responses: { 200: answer(jobDetail, "The job"), ...refusals, 404: refusal("No such job") },
    },
    async (c, deps) => {
      const found = await deps.ledger.getJob(c.req.valid("param").job);
      if (found === null)
        throw new AppError("not_found", {
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
        202: answer(job, "It is queued again"),
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
  acting("promote")(
    {
      method: "post",
      path: "/api/v1/jobs/{job}/promote",
      tags: ["jobs"],
      summary: "Let an open job go before others: a lane up",
      request: { params },
      responses: {
        202: answer(job, "It is in the higher lane"),
        ...refusals,
        404: refusal("No such job"),
        409: refusal("The job has ended, or a viewer waits for it already"),
      },
    },
    async (c, { ledger }) => {
      const act = await ledger.promoteJob(c.req.valid("param").job, c.get("caller").who);
      return c.json(acted(act, "The job has ended, or goes as a viewer's already."), 202);
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
        202: answer(job, "It is cancelled, or will be as soon as its handler looks"),
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
  if (act.status === "none") throw new AppError("not_found", { detail: "No such job." });
  if (act.status === "state") throw new AppError("conflict", { detail: conflict });
  return jobAnswer(act.job);
}

type FoundJob = NonNullable<Awaited<ReturnType<ApiDeps["ledger"]["getJob"]>>>;

async function detail(
  { job: view, attempts, sourceEtag, waitingFor, runs }: FoundJob,
  caller: Caller,
  deps: ApiDeps,
): Promise<z.infer<typeof jobDetail>> {
  const answered = jobAnswer(view);
  const parsed = parseVariantKey(view.key);
  return {
    ...answered,
    generation: view.gen,
    ...{ sourceEtag, waitingFor, runs },
    originalBytes: await originalBytes(answered.id, deps),
    originalUrl: await originalAddress(answered.id, caller, deps),
    variantUrl: parsed === null ? null : await variantUrl(parsed.id, parsed.transform, parsed.v, deps),
    history: attempts,
  };
}

/** Of the original, as it is kept with what is known of an image; null: not known yet. */
export async function originalBytes(id: string, { bucket }: ApiDeps): Promise<number | null> {
  const known = await readInfos({ images: bucket, connections: createSemaphore(1) }, [id]);
  return known.get(id)?.bytes ?? null;
}

/** A row as the API shows it. */
export function jobAnswer(view: NamedJob): Job {
  const parsed = parseVariantKey(view.key);
  return {
    job: view.job,
    key: view.key,
    id: parsed?.id ?? idOfKey(view.key),
    v: parsed?.v ?? null,
    transform: parsed === null ? view.key.slice(view.key.indexOf("/") + 1) : formatTransform(parsed.transform),
    format: parsed?.transform.format ?? "webp",
    state: view.state,
    lane: view.lane,
    run: view.run,
    attempts: view.attempts,
    error: view.error,
    ittybitJob: view.ittybitJob,
    due: view.due,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    submittedAt: view.submittedAt,
    tookMs: view.tookMs,
    storedAt: view.storedAt,
    bytes: view.bytes,
  };
}
