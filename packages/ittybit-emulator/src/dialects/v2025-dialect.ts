import { ENCODE, EXPORT, IMPORT, type JobRecord, type JobStatus } from "../jobs/job-record.ts";
import type { Dialect, ViewContext } from "./dialect.ts";

/** The first words are those a job has as a whole; while it is processed, its stage names them. */
const WORDS = {
  queued: ["waiting", "queued"],
  processing: ["processing", "validating", "finishing"],
  succeeded: ["succeeded"],
  failed: ["failed"],
  cancelled: ["cancelled"],
} as const;

const EVENT: Record<JobStatus, string> = {
  queued: "task.updated",
  processing: "task.updated",
  succeeded: "task.succeeded",
  failed: "task.failed",
  cancelled: "task.updated",
};

function wordOf({ status, stage }: JobRecord): string {
  if (status !== "processing") return WORDS[status][0];
  if (stage < IMPORT) return "validating";
  return stage < ENCODE ? "queued" : stage < EXPORT ? "processing" : "finishing";
}

function seconds(value: number | null, job: JobRecord, context: ViewContext): number | null {
  return value === null ? null : Math.floor((value + job.skewMs + context.skewMs) / 1000);
}

function viewOutputs(job: JobRecord): object[] {
  if (job.output === null) return [];
  const { url, format, width, height } = job.output;
  return [{ kind: "source", type: `image/${format}`, width, height, url }];
}

function viewTask(job: JobRecord, context: ViewContext): object {
  return {
    id: job.id,
    object: "task",
    kind: job.kind,
    options: job.options,
    inputs: [{ object: "external_file", url: job.input }],
    outputs: viewOutputs(job),
    metadata: job.metadata,
    status: wordOf(job),
    error: job.error,
    created_at: seconds(job.createdAt, job, context),
    started_at: seconds(job.startedAt, job, context),
    finished_at: seconds(job.finishedAt, job, context),
    updated_at: seconds(job.updatedAt, job, context),
  };
}

/** An event, as endpoints receive it. */
function taskEvent(job: JobRecord, context: ViewContext): object {
  return {
    id: context.newEventId(),
    object: "event",
    kind: EVENT[job.status],
    data: viewTask(job, context),
    created_at: Math.floor((context.now + context.skewMs) / 1000),
  };
}

/** Dialect D, autumn 2025: bare objects, `inputs[]` and `outputs[]`, eight statuses, Unix seconds, webhook endpoints with events. */
export const v2025Dialect: Dialect = {
  idPrefix: "task",
  createdStatus: 201,
  tasksAreJobs: true,
  oldRequests: true,
  numberedPages: false,
  endpoints: true,
  webhookField: true,
  maxInputEdge: 8192,
  words: WORDS,
  item: viewTask,
  job: viewTask,
  list: (items) => items,
  error: (kind, message) => ({ kind, message }),
  webhook: taskEvent,
};
