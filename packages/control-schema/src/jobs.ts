import { JOB_STATES, LANES } from "@prewarm/shared/job";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count, cursorOf, Format, JobState, jobName, Lane, limit, listOf, nextCursor, time } from "./words.ts";

export const JobError = z.object({ code: z.string(), message: z.string() }).meta({ id: "JobError" });

export const Job = z
  .object({
    job: jobName.meta({ description: "The job's name; a variant ordered again keeps it" }),
    key: z.string(),
    id: z.string().meta({ description: "The image's id" }),
    v: z.string().nullable(),
    transform: z.string().meta({ example: "w=800&q=high&f=webp" }),
    format: Format,
    state: JobState,
    lane: Lane,
    run: z.string().nullable(),
    attempts: count,
    error: JobError.nullable(),
    ittybitJob: z.string().nullable(),
    due: time.nullable().meta({ description: "When it is looked at next" }),
    createdAt: time,
    updatedAt: time,
    submittedAt: time.nullable().meta({ description: "When Ittybit was asked last" }),
    tookMs: count.nullable().meta({ description: "How long Ittybit worked on what is stored, ms" }),
    storedAt: time.nullable(),
    bytes: bytes.nullable(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

export const Attempt = z
  .object({
    number: count,
    startedAt: time.nullable(),
    endedAt: time,
    tookMs: count.nullable(),
    httpStatus: z.number().int().nullable(),
    kind: z.string().nullable().meta({ description: "Ittybit's kind of error" }),
    code: z.string(),
    message: z.string(),
    ittybitJob: z.string().nullable(),
  })
  .meta({ id: "Attempt", description: "One failed try; waiting, throttling and pausing are none" });
export type Attempt = z.infer<typeof Attempt>;

export const WaitingFor = z
  .object({
    code: z.string().meta({ example: "retry" }),
    text: z.string().meta({ example: "Retry 3 of 7, in 40 s." }),
    until: time.nullable().meta({ description: "When that ends without a call" }),
    ahead: count.nullable().meta({ description: "Jobs before it, or of it; null where there is no line" }),
  })
  .nullable()
  .meta({
    id: "WaitingFor",
    description: "Why something waits, as the ledger's next decision has it; null: it does not",
  });
export type WaitingFor = z.infer<typeof WaitingFor>;

export const JobDetail = Job.and(
  z.object({
    generation: count,
    sourceEtag: z.string().nullable(),
    waitingFor: WaitingFor,
    runs: z
      .array(z.string())
      .meta({ description: "All that wait for it, the first asker first; of a stored job that one" }),
    originalBytes: bytes.nullable().meta({ description: "Of the original, once a variant of it is stored" }),
    originalUrl: z.string().nullable(),
    input: z.string().nullable().meta({
      description: "Where Ittybit reads the original, and why, as a sentence; null: nothing is known of it",
    }),
    variantUrl: z.string().nullable(),
    /** Failed attempts, oldest first. */
    history: z.array(Attempt),
  }),
).meta({ id: "JobDetail" });
export type JobDetail = z.infer<typeof JobDetail>;

export const JobPage = z.object({ jobs: z.array(Job), nextCursor }).meta({ id: "JobPage" });

const search = z.string().max(500).optional().meta({
  description:
    "Qualifiers `id:` `format:` `error:` `cause:` `run:` `lane:` `state:` `age:>1h` `at:2026-11-24T14:05Z..2026-11-24T14:10Z` (its last change) `attempts:>3` (quotes allowed, all must match) and free text within the variant key",
  example: 'error:upstream_failed format:avif "summer sale"',
});

export const jobFilterQuery = z.object({
  state: listOf(JOB_STATES),
  lane: listOf(LANES),
  run: z.string().max(80).optional(),
  search,
});
/** A place in the list of jobs: the kind of jobs, the bounds of the stretch, and the last job shown. */
export const JOBS_CURSOR = /^(\d)-(\d{1,16})-(\d{0,16})-(\d{0,16})-(\d{0,16})$/;
export const jobsQuery = jobFilterQuery.extend({ limit, cursor: cursorOf(JOBS_CURSOR) });

const params = z.object({ job: jobName });
const noJob = { 404: "No such job" };

export const jobCalls = {
  "GET /api/v1/jobs": {
    id: "listJobs",
    tag: "jobs",
    may: "viewer",
    summary: "Jobs: open ones and those that ended without a variant, then the last stored ones",
    description:
      "Walks past at most 1,000 open jobs, 2,000 ended ones or 1,000 stored ones a call, and has the newest of those first: with more of them, or with a search that matches seldom, a page may be short and still have a `nextCursor`, and the next page may begin with a newer job. A stored job is listed under the run that asked for it first.",
    query: jobsQuery,
    answers: { 200: [JobPage, "A page of jobs"] },
  },
  "GET /api/v1/jobs/{job}": {
    id: "getJob",
    tag: "jobs",
    may: "viewer",
    summary: "One job with its failed attempts",
    description: "Of stored jobs the newest 100,000 are remembered.",
    params,
    answers: { 200: [JobDetail, "The job"] },
    refusals: noJob,
  },
  "POST /api/v1/jobs/{job}/retry": {
    id: "retryJob",
    tag: "jobs",
    may: "retry",
    summary: "Try a dead, refused or cancelled job again, or one that waits for its next retry now",
    description: "It is tried under the same name and in the lane that it has.",
    params,
    answers: { 202: [Job, "It is queued again"] },
    refusals: { ...noJob, 409: "The job is open" },
  },
  "POST /api/v1/jobs/{job}/cancel": {
    id: "cancelJob",
    tag: "jobs",
    may: "cancel",
    summary: "Cancel an open job",
    description: "A job that Ittybit makes already is paid for, and its result is not stored.",
    params,
    answers: { 202: [Job, "It is cancelled, or will be as soon as its handler looks"] },
    refusals: { ...noJob, 409: "The job has ended" },
  },
  "GET /api/v1/jobs.csv": {
    id: "exportJobsAsCsv",
    tag: "jobs",
    may: "viewer",
    summary: "All jobs that match, as CSV with a header, streamed",
    description: "Times are ISO 8601. An answer that breaks off does not end with a whole line.",
    query: jobFilterQuery,
    answers: { 200: [z.string(), "The jobs", "text/csv"] },
  },
  "GET /api/v1/jobs.ndjson": {
    id: "exportJobsAsNdjson",
    tag: "jobs",
    may: "viewer",
    summary: "All jobs that match, as a JSON document a line, streamed",
    description: "Each line is a job as the list of jobs has it.",
    query: jobFilterQuery,
    answers: { 200: [z.string(), "The jobs", "application/x-ndjson"] },
  },
} as const satisfies CallTable;
