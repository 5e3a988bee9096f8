import type { JobRecord, JobStatus } from "../jobs/job-record.ts";
import type { Dialect } from "./dialect.ts";

const STATUS: Record<JobStatus, string> = {
  queued: "pending",
  processing: "processing",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

/** Shows no more than the guides do (no kind, metadata or timestamps), so that a client which relies on more fails here. */
function viewJob(job: JobRecord): object {
  return {
    id: job.id,
    status: STATUS[job.status],
    ...(job.output === null ? {} : { output: { url: job.output.url } }),
    ...(job.error === null ? {} : { error: job.error }),
  };
}

/** Dialect G, the guides of 2026: `task_…` ids on `/jobs`, `pending` to `completed`, `output.url`. */
export const guideDialect: Dialect = {
  idPrefix: "task",
  tasksAreJobs: true,
  numberedPages: false,
  job: viewJob,
  list: (jobs) => jobs.map(viewJob),
  error: (kind, message) => ({ kind, message }),
  webhook: viewJob,
};
