import type { JobRecord } from "../jobs/job-record.ts";
import type { Dialect, ViewContext } from "./dialect.ts";
import { viewTasks } from "./task-view.ts";

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
  tasksAreJobs: false,
  numberedPages: false,
  job: viewJob,
  list: (jobs, _list, context) => jobs.map((job) => viewJob(job, context)),
  error: (kind, message) => ({ kind, message }),
  webhook: viewJob,
};
