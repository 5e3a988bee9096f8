import type { JobRecord } from "../jobs/job-record.ts";
import type { Dialect } from "./dialect.ts";

const WORDS = {
  queued: ["pending"],
  processing: ["processing"],
  succeeded: ["completed"],
  failed: ["failed"],
  cancelled: ["cancelled"],
} as const;

/** Shows no more than the guides do (no kind, metadata or timestamps), so that a client which relies on more fails here. */
function viewJob(job: JobRecord): object {
  return {
    id: job.id,
    status: WORDS[job.status][0],
    ...(job.output === null ? {} : { output: { url: job.output.url } }),
    ...(job.error === null ? {} : { error: job.error }),
  };
}

/** The guide's own payload: its id and output, the reference's status word, and the input as text (guides/set-up-webhook-notifications). */
function guideHook(job: JobRecord): object {
  const { id, status, kind, input, output, error } = job;
  return {
    id,
    status,
    kind,
    input,
    ...(output === null ? {} : { output: { url: output.url } }),
    ...(error === null ? {} : { error }),
  };
}

/** Dialect G, the guides of 2026: `task_…` ids on `/jobs`, `pending` to `completed`, `output.url`. */
export const guideDialect: Dialect = {
  idPrefix: "task",
  createdStatus: 201,
  tasksAreJobs: true,
  oldRequests: false,
  numberedPages: false,
  endpoints: false,
  webhookField: true,
  maxInputEdge: null,
  words: WORDS,
  item: viewJob,
  job: viewJob,
  list: (items) => items,
  error: (kind, message) => ({ kind, message }),
  webhook: guideHook,
};
