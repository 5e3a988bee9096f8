import type { JobRecord, JobStatus } from "../jobs/job-record.ts";
import type { Dialect, ViewContext } from "./dialect.ts";

const STATUS: Record<JobStatus, string> = {
  queued: "pending",
  processing: "processing",
  succeeded: "ready",
  failed: "error",
  cancelled: "cancelled",
};

const EVENT: Partial<Record<JobStatus, string>> = { succeeded: "task.succeeded", failed: "task.failed" };

function time(value: number | null, job: JobRecord, context: ViewContext): string | number | null {
  if (value === null) return null;
  const shown = value + job.skewMs + context.skewMs;
  return context.settings.v2025Timestamps === "iso" ? new Date(shown).toISOString() : Math.floor(shown / 1000);
}

function viewOutputs(job: JobRecord): object[] {
  if (job.output === null) return [];
  const { url, format, width, height } = job.output;
  return [{ id: job.id.replace(/^task/, "file"), object: "file", kind: "image", url, format, width, height }];
}

function viewTask(job: JobRecord, context: ViewContext): object {
  const iso = context.settings.v2025Timestamps === "iso";
  return {
    id: job.id,
    object: "task",
    kind: job.kind,
    url: job.input,
    options: job.options,
    inputs: [{ object: "external_file", url: job.input }],
    outputs: viewOutputs(job),
    metadata: job.metadata,
    status: STATUS[job.status],
    error: job.error,
    [iso ? "created" : "created_at"]: time(job.createdAt, job, context),
    [iso ? "updated" : "updated_at"]: time(job.updatedAt, job, context),
    [iso ? "started" : "started_at"]: time(job.startedAt, job, context),
    [iso ? "finished" : "finished_at"]: time(job.finishedAt, job, context),
  };
}

function envelope(data: unknown, error: object | null, context: ViewContext, links: object): object {
  return { meta: { request_id: context.newEventId(), version: "2025-07-01" }, data, error, links };
}

/** The 2025 dialects in one: B's envelope and words, D's `outputs[]`; timestamps as ISO strings or Unix seconds. */
export const v2025Dialect: Dialect = {
  idPrefix: "task",
  tasksAreJobs: true,
  numberedPages: true,
  job: (job, context) => envelope(viewTask(job, context), null, context, { self: `${context.apiUrl}/jobs/${job.id}` }),
  list(jobs, { limit, page, total }, context) {
    const pages = Math.max(1, Math.ceil(total / limit));
    const link = (number: number): string | null =>
      number < 1 || number > pages ? null : `${context.apiUrl}/jobs?page=${number}&limit=${limit}`;
    return {
      meta: { limit, total, page, pages },
      data: jobs.map((job) => viewTask(job, context)),
      links: { self: link(page), first: link(1), next: link(page + 1), prev: link(page - 1), last: link(pages) },
    };
  },
  error: (_kind, message, context) => envelope(null, { message }, context, {}),
  webhook: (job, context) => ({
    id: context.newEventId(),
    object: "event",
    kind: EVENT[job.status] ?? "task.updated",
    data: viewTask(job, context),
    created_at: time(context.now, job, context),
  }),
};
