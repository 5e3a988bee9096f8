import { JOB_STATES, LANES } from "@prewarm/shared/job";
import {
  answer,
  bytes,
  count,
  createRoute,
  cursor,
  format,
  jobState,
  lane,
  limit,
  listOf,
  nextCursor,
  refusal,
  refusals,
  time,
  z,
} from "./common.ts";

export const jobError = z.object({ code: z.string(), message: z.string() }).openapi("JobError");

export const job = z
  .object({
    job: z.string().openapi({ description: "Short hash of the variant key" }),
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
    storedAt: time.nullable(),
    bytes: bytes.nullable(),
  })
  .openapi("Job");
export type Job = z.infer<typeof job>;

export const attempt = z
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
export type Attempt = z.infer<typeof attempt>;

export const jobDetail = job
  .extend({
    generation: count,
    sourceEtag: z.string().nullable(),
    originalUrl: z.string().nullable(),
    variantUrl: z.string().nullable(),
    /** Failed attempts, oldest first. */
    history: z.array(attempt),
  })
  .openapi("JobDetail");

const search = z.string().max(500).optional().openapi({
  description:
    "Qualifiers `id:` `format:` `error:` `run:` `lane:` (quotes allowed, all must match) and free text within the variant key",
  example: 'error:upstream_failed format:avif "summer sale"',
});

export const jobFilter = {
  state: listOf(JOB_STATES),
  lane: listOf(LANES),
  run: z.string().max(80).optional(),
  search,
};

export const jobParams = z.object({ job: z.string().regex(/^[0-9a-f]{16}$/) });

export const listJobsRoute = createRoute({
  method: "get",
  path: "/api/v1/jobs",
  tags: ["jobs"],
  summary: "Jobs, newest change of state last seen first",
  description:
    "Reads at most 10,000 rows a call: with a search that matches seldom a page may be short and still have a `nextCursor`.",
  request: { query: z.object({ ...jobFilter, limit, cursor }) },
  responses: {
    200: answer(z.object({ jobs: z.array(job), nextCursor }).openapi("JobPage"), "A page of jobs"),
    ...refusals,
  },
});

export const getJobRoute = createRoute({
  method: "get",
  path: "/api/v1/jobs/{job}",
  tags: ["jobs"],
  summary: "One job with its failed attempts",
  request: { params: jobParams },
  responses: { 200: answer(jobDetail, "The job"), ...refusals, 404: refusal("No such job") },
});

export const retryJobRoute = createRoute({
  method: "post",
  path: "/api/v1/jobs/{job}/retry",
  tags: ["jobs"],
  summary: "Try a dead or cancelled job again",
  request: { params: jobParams },
  responses: {
    202: answer(job, "It is queued again"),
    ...refusals,
    404: refusal("No such job"),
    409: refusal("The job is neither dead nor cancelled"),
  },
});

export const cancelJobRoute = createRoute({
  method: "post",
  path: "/api/v1/jobs/{job}/cancel",
  tags: ["jobs"],
  summary: "Cancel an open job",
  request: { params: jobParams },
  responses: {
    202: answer(job, "It is cancelled, or will be as soon as its handler looks"),
    ...refusals,
    404: refusal("No such job"),
    409: refusal("The job has ended"),
  },
});
