import type { ImageOptions, JobKind } from "../pixels/image-options.ts";
import type { JobRequest } from "./job-request.ts";

export type JobStatus = "queued" | "processing" | "succeeded" | "failed" | "cancelled";

/** The steps of every job, in order; `encode` is shown under the job's own kind. */
export const STAGES = ["probe", "import", "encode", "export"] as const;
export const PROBE = 0;
export const IMPORT = 1;
export const ENCODE = 2;
export const EXPORT = 3;

/** An image file as tasks describe it. */
interface FileInfo {
  width: number;
  height: number;
  format: string;
}

interface JobOutput extends FileInfo {
  /** What clients are told: a URL on the output port, or the `s3://` URL they asked for. */
  url: string;
  /** Where the encoded bytes are in the cache. */
  cacheKey: string;
  bytes: number;
}

/** One job, kept small: tasks and every dialect's view are derived when they are asked for. Times are Unix ms. */
export interface JobRecord {
  readonly id: string;
  /** Names its output, and no other job's: the fault `used_id` gives two jobs one `id`. */
  readonly fileId: string;
  /** Creation order, from 0. */
  readonly seq: number;
  readonly idempotencyKey: string | null;
  readonly kind: JobKind;
  readonly input: string;
  readonly options: ImageOptions;
  readonly requestedOutput: string | null;
  readonly metadata: Record<string, unknown>;
  readonly webhookUrl: string | null;
  readonly createdAt: number;
  /** Added to every timestamp shown. */
  readonly skewMs: number;
  status: JobStatus;
  error: unknown;
  /** Index into `STAGES` of the step under way. */
  stage: number;
  /** When each step began. */
  stageAt: number[];
  startedAt: number | null;
  finishedAt: number | null;
  updatedAt: number;
  source: FileInfo | null;
  output: JobOutput | null;
  downloads: number;
}

interface NewJob {
  id: string;
  fileId: string;
  seq: number;
  idempotencyKey: string | null;
  now: number;
  skewMs: number;
}

export function createJobRecord(request: JobRequest, job: NewJob): JobRecord {
  const { id, fileId, seq, idempotencyKey, now, skewMs } = job;
  return {
    id,
    fileId,
    seq,
    idempotencyKey,
    kind: request.kind,
    input: request.input,
    options: request.options,
    requestedOutput: request.output,
    metadata: request.metadata,
    webhookUrl: request.webhookUrl,
    createdAt: now,
    skewMs,
    ...untouched(now),
    downloads: 0,
  };
}

export function isFinished(job: JobRecord): boolean {
  return job.status !== "queued" && job.status !== "processing";
}

/** The job as it was when it was made: what an idempotent replay answers. */
export function asCreated(job: JobRecord): JobRecord {
  return {
    ...job,
    ...untouched(job.createdAt),
  };
}

/** What of a job is so until the first stage begins. */
function untouched(createdAt: number) {
  return {
    status: "queued",
    error: null,
    stage: 0,
    stageAt: [],
    startedAt: null,
    finishedAt: null,
    updatedAt: createdAt,
    source: null,
    output: null,
  } satisfies Partial<JobRecord>;
}

export function beginStage(job: JobRecord, stage: number, now: number): void {
  if (job.status === "queued") {
    job.status = "processing";
    job.startedAt = now;
  }
  job.stage = stage;
  job.stageAt[stage] = now;
  job.updatedAt = now;
}

export function finish(job: JobRecord, status: "succeeded" | "failed" | "cancelled", now: number): void {
  job.status = status;
  job.finishedAt = now;
  job.updatedAt = now;
}
