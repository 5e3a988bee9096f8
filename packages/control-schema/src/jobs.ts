import { JOB_STATES, LANES } from "@prewarm/shared/job";
import * as z from "zod";
import { bytes, count, cursor, Format, JobState, jobName, Lane, limit, listOf, nextCursor, time } from "./words.ts";

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
    "Qualifiers `id:` `format:` `error:` `cause:` `run:` `lane:` `state:` `age:>1h` `attempts:>3` (quotes allowed, all must match) and free text within the variant key",
  example: 'error:upstream_failed format:avif "summer sale"',
});

export const jobFilterQuery = z.object({
  state: listOf(JOB_STATES),
  lane: listOf(LANES),
  run: z.string().max(80).optional(),
  search,
});
export const jobsQuery = jobFilterQuery.extend({ limit, cursor });
