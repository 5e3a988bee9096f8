import type { JobRecord } from "../jobs/job-record.ts";
import type { Dialect, ViewContext } from "./dialect.ts";

const WORDS = {
  queued: ["pending", "waiting"],
  processing: ["processing"],
  succeeded: ["completed", "ready"],
  failed: ["failed", "error"],
  cancelled: ["cancelled"],
} as const;

/** From this version on nothing is wrapped (SDK 1.0.0 asks for it; 0.8.7 asks for none). */
const BARE_SINCE = "2025-08-20";

function isBare({ version }: ViewContext): boolean {
  return version !== null && (version === "latest" || version >= BARE_SINCE);
}

function iso(value: number, job: JobRecord, context: ViewContext): string {
  return new Date(value + job.skewMs + context.skewMs).toISOString();
}

/** A file of the SDKs' types: inputs and outputs alike. */
function viewFile(id: string, url: string, file: { width: number; height: number; format: string } | null): object {
  const known = file === null ? {} : { type: `image/${file.format}`, width: file.width, height: file.height };
  return { id, object: "source", kind: "image", url, ...known };
}

function errorText({ error }: JobRecord): string | null {
  if (error === null || error === undefined) return null;
  if (typeof error === "string") return error;
  const { message } = error as { message?: unknown };
  return typeof message === "string" ? message : JSON.stringify(error);
}

function viewTask(job: JobRecord, context: ViewContext): object {
  const fileId = (name: string) => job.id.replace(/^[a-z]+/, name);
  return {
    id: job.id,
    object: "task",
    kind: job.kind,
    status: WORDS[job.status][0],
    progress: job.status === "succeeded" ? 100 : 0,
    error: errorText(job),
    options: job.options,
    input: viewFile(fileId("med"), job.input, job.source),
    output: job.output === null ? null : viewFile(fileId("file"), job.output.url, job.output),
    created: iso(job.createdAt, job, context),
    updated: iso(job.updatedAt, job, context),
  };
}

function envelope(data: unknown, error: object | null, context: ViewContext, links: object): object {
  return { meta: { request_id: context.newEventId(), version: "2025-01-01" }, data, error, links };
}

/**
 * Dialects B and C, what the published SDKs (0.8.7, 1.0.0) were written for: `input` and `output` are objects, an error is text, a new task
 * answers 200, times are ISO. In an envelope, or bare by `Accept-Version`. No metadata: their types have none.
 */
export const sdkDialect: Dialect = {
  idPrefix: "task",
  createdStatus: 200,
  tasksAreJobs: true,
  oldRequests: true,
  numberedPages: true,
  endpoints: false,
  webhookField: true,
  maxInputEdge: 8192,
  words: WORDS,
  item: viewTask,
  job(job, context) {
    const task = viewTask(job, context);
    return isBare(context) ? task : envelope(task, null, context, { self: `${context.apiUrl}/tasks/${job.id}` });
  },
  list(items, { limit, page, total }, context) {
    if (isBare(context)) return items;
    const pages = Math.max(1, Math.ceil(total / limit));
    const link = (number: number): string | null =>
      number < 1 || number > pages ? null : `${context.apiUrl}/tasks?page=${number}&limit=${limit}`;
    return {
      meta: { limit, total, page, pages },
      data: items,
      links: { self: link(page), first: link(1), next: link(page + 1), prev: link(page - 1), last: link(pages) },
    };
  },
  error: (_kind, message, context) => (isBare(context) ? { message } : envelope(null, { message }, context, {})),
  webhook: viewTask,
};
