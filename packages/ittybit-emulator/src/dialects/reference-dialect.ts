import { taskIdOf } from "../clock.ts";
import { ENCODE, isFinished, type JobRecord, PROBE, STAGES } from "../jobs/job-record.ts";
import type { Dialect, ViewContext } from "./dialect.ts";

function viewJob(job: JobRecord, context: ViewContext): object {
  const skewMs = job.skewMs + context.skewMs;
  return {
    id: job.id,
    object: "job",
    kind: job.kind,
    input: job.input,
    output: job.output?.url ?? null,
    options: job.options,
    metadata: job.metadata,
    status: job.status,
    error: job.error,
    tasks: viewTasks(job, skewMs),
    created_at: job.createdAt + skewMs,
    started_at: job.startedAt === null ? null : job.startedAt + skewMs,
    finished_at: job.finishedAt === null ? null : job.finishedAt + skewMs,
    updated_at: job.updatedAt + skewMs,
  };
}

/** Dialect F, the API reference of 2026: bare objects, `succeeded`, `output` a string, Unix milliseconds. */
export const referenceDialect: Dialect = {
  idPrefix: "job",
  createdStatus: 201,
  tasksAreJobs: false,
  oldRequests: false,
  numberedPages: false,
  endpoints: false,
  webhookField: false,
  maxInputEdge: null,
  words: {
    queued: ["queued"],
    processing: ["processing"],
    succeeded: ["succeeded"],
    failed: ["failed"],
    cancelled: ["cancelled"],
  },
  item: viewJob,
  job: viewJob,
  list: (items) => items,
  error: (kind, message) => ({ kind, message }),
  webhook: viewJob,
};

function taskStatus(job: JobRecord, index: number): string {
  if (job.status === "succeeded") return "succeeded";
  if (job.status === "cancelled") return index < job.stage ? "succeeded" : "cancelled";
  if (job.status === "failed") return index < job.stage ? "succeeded" : index === job.stage ? "failed" : "cancelled";
  if (job.status === "queued") return index === PROBE ? "queued" : "waiting";
  return index < job.stage ? "succeeded" : index === job.stage ? "processing" : "waiting";
}

function taskOutput(job: JobRecord, index: number, status: string): object | null {
  if (status !== "succeeded") return null;
  const file = index < ENCODE ? job.source : job.output;
  if (file === null) return null;
  const url = index < ENCODE ? job.input : (job.output?.url ?? job.input);
  return { object: "file", kind: "image", url, format: file.format, width: file.width, height: file.height };
}

function shifted(time: number | null | undefined, skewMs: number): number | null {
  return time === null || time === undefined ? null : time + skewMs;
}

/**
 * The tasks embedded in a job of the reference dialect: probe, import, the encode under the job's kind, export. The
 * probe's output describes the source, the encode's the variant.
 *
 * @param skewMs added to each timestamp
 */
function viewTasks(job: JobRecord, skewMs: number): object[] {
  return STAGES.map((stage, index) => {
    const status = taskStatus(job, index);
    const startedAt = job.stageAt[index] ?? null;
    const done = status === "succeeded" || status === "failed" || (status === "cancelled" && isFinished(job));
    const finishedAt = done ? (job.stageAt[index + 1] ?? job.finishedAt) : null;
    return {
      id: taskIdOf(job.id, index),
      object: "task",
      kind: stage === "encode" ? job.kind : stage,
      input: { object: "external_file", url: job.input },
      options: index === ENCODE ? job.options : {},
      output: taskOutput(job, index, status),
      status,
      progress: status === "succeeded" ? 100 : null,
      error: status === "failed" ? job.error : null,
      created_at: job.createdAt + skewMs,
      started_at: shifted(startedAt, skewMs),
      finished_at: shifted(finishedAt, skewMs),
      updated_at: (finishedAt ?? startedAt ?? job.createdAt) + skewMs,
    };
  });
}
