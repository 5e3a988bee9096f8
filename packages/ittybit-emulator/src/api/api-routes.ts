import { createId } from "../clock.ts";
import { ApiError, invalidRequest } from "../errors.ts";
import { asCreated, createJobRecord, type JobRecord, type JobStatus } from "../jobs/job-record.ts";
import { isRecord, type JobRequest, parseJobRequest } from "../jobs/job-request.ts";
import type { JobFilter, PageQuery } from "../jobs/job-store.ts";
import { FORMATS_BY_KIND } from "../pixels/image-options.ts";
import { dialectAndContext, type EmulatorState } from "./emulator-state.ts";

/** A request as the routes see it. */
export interface ApiCall {
  method: string;
  path: string;
  query: URLSearchParams;
  apiKey: string;
  idempotencyKey: string | null;
  body: string;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  job?: JobRecord;
}

const STATUSES = ["queued", "processing", "succeeded", "failed", "cancelled"];
const LIST_PARAMETERS = ["kind", "status", "input", "limit", "after", "before", "order", "page"];
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const TASK_KINDS = ["probe", "import", ...Object.keys(FORMATS_BY_KIND), "export"];

/** @throws ApiError 400 */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw invalidRequest("the body is not valid JSON");
  }
}

function makeJob(emulator: EmulatorState, request: JobRequest, call: ApiCall): JobRecord {
  const { clock, faults, store } = emulator;
  const { dialect } = dialectAndContext(emulator);
  const id = createId(dialect.idPrefix, clock);
  const struck = faults.forJob({ input: request.input, options: request.options, jobId: id });
  const skew = struck.find((fault) => fault.type === "skew");
  const job = store.add((seq) =>
    createJobRecord(request, {
      id,
      seq,
      idempotencyKey: call.idempotencyKey,
      now: clock.now(),
      skewMs: skew?.type === "skew" ? skew.ms : 0,
    }),
  );
  emulator.createdJobs += 1;
  emulator.openJobs += 1;
  emulator.peakOpenJobs = Math.max(emulator.peakOpenJobs, emulator.openJobs);
  emulator.runner.start(job, struck);
  emulator.log("job.created", { job: id, input: request.input, options: request.options });
  return job;
}

/** `POST /jobs`: 201 with the new job, or 200 with the body an earlier call under the same key was given. */
export function createJob(emulator: EmulatorState, call: ApiCall): ApiAnswer {
  const { dialect, context } = dialectAndContext(emulator);
  const { idempotencyKey: key } = call;
  const known = key === null ? undefined : emulator.idempotency.find(call.apiKey, key, call.body);
  if (known) return { status: 200, body: dialect.job(asCreated(known), context), job: known };
  const job = makeJob(emulator, parseJobRequest(parseJson(call.body), emulator.settings), call);
  if (key !== null) emulator.idempotency.remember(call.apiKey, key, call.body, job);
  return { status: 201, body: dialect.job(job, context), job };
}

export function getJob(emulator: EmulatorState, id: string): ApiAnswer {
  const job = emulator.store.get(id);
  if (job === undefined) throw new ApiError(404, "job_not_found", `no job ${id}`);
  const { dialect, context } = dialectAndContext(emulator);
  return { status: 200, body: dialect.job(job, context), job };
}

function integer(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw invalidRequest(`${name} must be an integer from 1 to ${max}`);
  }
  return value;
}

function parseFilter(query: URLSearchParams): JobFilter {
  const [kind, status, input] = [query.get("kind"), query.get("status"), query.get("input")];
  if (kind !== null && !Object.hasOwn(FORMATS_BY_KIND, kind)) throw invalidRequest("kind is not known");
  if (status !== null && !STATUSES.includes(status)) {
    throw invalidRequest(`status must be one of ${STATUSES.join(", ")}`);
  }
  return {
    ...(kind !== null && { kind }),
    ...(status !== null && { status: status as JobStatus }),
    ...(input !== null && { input }),
  };
}

function parsePageQuery(query: URLSearchParams): PageQuery {
  const [order, after, before] = [query.get("order") ?? "desc", query.get("after"), query.get("before")];
  if (order !== "asc" && order !== "desc") throw invalidRequest("order must be asc or desc");
  if (after !== null && before !== null) throw invalidRequest("after and before exclude each other");
  const limit = integer(query, "limit", DEFAULT_LIMIT, MAX_LIMIT);
  return { limit, order, ...(after !== null && { after }), ...(before !== null && { before }) };
}

/** RFC 8288, with the query kept and the cursor set to the page's edge. */
function linkHeader(emulator: EmulatorState, call: ApiCall, jobs: JobRecord[], backwards: boolean): string | undefined {
  const edge = backwards ? jobs[0] : jobs.at(-1);
  if (edge === undefined) return undefined;
  const query = new URLSearchParams(call.query);
  query.set(backwards ? "before" : "after", edge.id);
  return `<${emulator.apiUrl}${call.path}?${query}>; rel="${backwards ? "prev" : "next"}"`;
}

/** `GET /jobs`, by cursor; in the 2025 profile by page number too. */
export function listJobs(emulator: EmulatorState, call: ApiCall): ApiAnswer {
  const { dialect, context } = dialectAndContext(emulator);
  const unknown = [...call.query.keys()].find((name) => !LIST_PARAMETERS.includes(name));
  if (emulator.settings.strict && unknown !== undefined) throw invalidRequest(`unknown parameter ${unknown}`);
  const filter = parseFilter(call.query);
  const query = parsePageQuery(call.query);
  const number = dialect.numberedPages ? integer(call.query, "page", 1, 1_000_000) : 1;
  const skipped = (number - 1) * query.limit;
  const found = emulator.store.page(filter, { ...query, limit: skipped + query.limit });
  const jobs = found.jobs.slice(skipped);
  const total = dialect.numberedPages ? emulator.store.count(filter) : 0;
  const list = { limit: query.limit, hasMore: found.hasMore, total, page: number };
  const link = found.hasMore ? linkHeader(emulator, call, jobs, query.before !== undefined) : undefined;
  const headers = { limit: String(query.limit), "has-more": String(found.hasMore), ...(link && { link }) };
  return { status: 200, body: dialect.list(jobs, list, context), headers };
}

/**
 * `POST /tasks` of the reference: one atomic step over an input *object*. It is checked and acknowledged but not run,
 * since the reference documents no way to see a standalone task again.
 */
export function createTask(emulator: EmulatorState, call: ApiCall): ApiAnswer {
  const body = parseJson(call.body);
  if (!isRecord(body)) throw invalidRequest("the body must be a JSON object");
  const { kind, input, options } = body;
  if (typeof kind !== "string" || !TASK_KINDS.includes(kind)) {
    throw invalidRequest(`kind must be one of ${TASK_KINDS.join(", ")}`);
  }
  if (!isRecord(input) || typeof input.url !== "string") throw invalidRequest("input must be an object with a url");
  const now = emulator.clock.now();
  const times = {
    created_at: now + emulator.skewMs,
    started_at: null,
    finished_at: null,
    updated_at: now + emulator.skewMs,
  };
  const task = {
    id: createId("task", emulator.clock),
    object: "task",
    kind,
    input,
    options: options ?? {},
  };
  return { status: 201, body: { ...task, output: null, status: "waiting", progress: null, error: null, ...times } };
}
