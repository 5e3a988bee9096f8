import { createId } from "../clock.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { ApiError, invalidRequest } from "../errors.ts";
import { asCreated, createJobRecord, type JobRecord, type JobStatus } from "../jobs/job-record.ts";
import { isRecord, type JobRequest, parseJobRequest } from "../jobs/job-request.ts";
import type { JobFilter, PageQuery } from "../jobs/job-store.ts";
import { FORMATS_BY_KIND } from "../pixels/image-options.ts";
import type { Settings } from "../settings.ts";
import { dialectAndContext, type EmulatorState } from "./emulator-state.ts";

/** A request as the routes see it. */
export interface ApiCall {
  method: string;
  path: string;
  query: URLSearchParams;
  apiKey: string;
  idempotencyKey: string | null;
  /** `Accept-Version`, or the other spelling of one SDK. */
  version: string | null;
  body: string;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  job?: JobRecord;
}

const STATUSES = ["queued", "processing", "succeeded", "failed", "cancelled"] as const;
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

/** The id of a job whose output was downloaded, drawn among the ids that one job has; undefined when there is none. */
function usedId({ clock, store }: EmulatorState): string | undefined {
  const isUsed = (job: JobRecord): boolean => job.downloads > 0 && job.fileId === job.id && store.get(job.id) === job;
  const used = [...store.all()].filter(isUsed);
  return used[Math.floor(clock.random() * used.length)]?.id;
}

function makeJob(emulator: EmulatorState, request: JobRequest, call: ApiCall): JobRecord {
  const { clock, faults, store } = emulator;
  const { dialect } = dialectAndContext(emulator, call.version);
  const fileId = createId(dialect.idPrefix, clock);
  const struck = faults.forJob({ input: request.input, options: request.options, jobId: fileId });
  const id = (struck.some((fault) => fault.type === "used_id") ? usedId(emulator) : undefined) ?? fileId;
  const skew = struck.find((fault) => fault.type === "skew");
  const job = store.add((seq) =>
    createJobRecord(request, {
      id,
      fileId,
      seq,
      idempotencyKey: call.idempotencyKey,
      now: clock.now(),
      skewMs: skew?.type === "skew" ? skew.ms : 0,
    }),
  );
  emulator.createdJobs += 1;
  emulator.openJobs += 1;
  emulator.peakOpenJobs = Math.max(emulator.peakOpenJobs, emulator.openJobs);
  emulator.timeline.add("created", job, emulator.openJobs);
  emulator.runner.start(job, struck);
  emulator.log("job.created", { job: id, input: request.input, options: request.options });
  return job;
}

/** @throws ApiError 429: `concurrency_limited` is the emulator's own word */
function refuseBeyondSlots(emulator: EmulatorState): void {
  const { maxOpenJobs } = emulator.settings;
  if (maxOpenJobs !== null && emulator.openJobs >= maxOpenJobs)
    throw new ApiError(429, "concurrency_limited", `${emulator.openJobs} jobs are open`, { "retry-after": "1" });
}

/** `POST /jobs`: the new job, or 200 with the body an earlier call under the same key was given. */
export function createJob(emulator: EmulatorState, call: ApiCall): ApiAnswer {
  const { dialect, context } = dialectAndContext(emulator, call.version);
  const { idempotencyKey: key } = call;
  const known = key === null ? undefined : emulator.idempotency.find(call.apiKey, key, call.body);
  if (known) {
    emulator.timeline.add("replayed", known, emulator.openJobs);
    return { status: 200, body: dialect.job(asCreated(known), context), job: known };
  }
  const request = parseJobRequest(parseJson(call.body), emulator.settings, dialect);
  refuseBeyondSlots(emulator);
  const job = makeJob(emulator, request, call);
  if (key !== null) emulator.idempotency.remember(call.apiKey, key, call.body, job);
  return { status: dialect.createdStatus, body: dialect.job(job, context), job };
}

export function getJob(emulator: EmulatorState, id: string, version: string | null): ApiAnswer {
  const job = emulator.store.get(id);
  if (job === undefined) throw new ApiError(404, "job_not_found", `no job ${id}`);
  const { dialect, context } = dialectAndContext(emulator, version);
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

/** The profile's own words, and the reference's. */
function statusOf(word: string | null, { words }: Dialect): JobStatus | undefined {
  if (word === null) return undefined;
  const status = STATUSES.find((one) => one === word || words[one].includes(word));
  if (status === undefined) throw invalidRequest(`status must be one of ${Object.values(words).flat().join(", ")}`);
  return status;
}

function parseFilter(query: URLSearchParams, dialect: Dialect): JobFilter {
  const [kind, input] = [query.get("kind"), query.get("input")];
  if (kind !== null && !Object.hasOwn(FORMATS_BY_KIND, kind)) throw invalidRequest("kind is not known");
  const status = statusOf(query.get("status"), dialect);
  return { ...(kind !== null && { kind }), status, ...(input !== null && { input }) };
}

function parsePageQuery(query: URLSearchParams, hasCursors: boolean): PageQuery {
  const cursor = (name: string): string | null => (hasCursors ? query.get(name) : null);
  const [order, after, before] = [query.get("order") ?? "desc", cursor("after"), cursor("before")];
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

function wrapped(shape: Settings["listShape"], items: object[], hasMore: boolean): unknown {
  if (shape === "bare") return items;
  if (shape === "object") return { object: "list", data: items, has_more: hasMore };
  return { [shape]: items, has_more: hasMore };
}

/** In another order, without 30 % of them and with a tenth of the others twice. */
function shuffled(jobs: readonly JobRecord[], random: () => number): JobRecord[] {
  const drawn = jobs.map((job) => ({ job, at: random() })).sort((a, b) => a.at - b.at);
  const kept = drawn.map(({ job }) => job).slice(Math.floor(0.3 * jobs.length + random()));
  return [...kept, ...kept.slice(0, Math.ceil(0.1 * kept.length))];
}

/** `GET /jobs`, by cursor; by page number where the dialect or the settings have no cursors. */
export function listJobs(emulator: EmulatorState, call: ApiCall, isShuffled: boolean): ApiAnswer {
  const { dialect, context } = dialectAndContext(emulator, call.version);
  const { lists, listShape, listHeaders, listCursors, strict } = emulator.settings;
  if (!lists) throw new ApiError(404, "not_found", "no such endpoint: GET /jobs");
  const unknown = [...call.query.keys()].find((name) => !LIST_PARAMETERS.includes(name));
  if (strict && unknown !== undefined) throw invalidRequest(`unknown parameter ${unknown}`);
  const numbered = dialect.numberedPages || !listCursors;
  const filter = parseFilter(call.query, dialect);
  const query = parsePageQuery(call.query, !numbered);
  const page = numbered ? integer(call.query, "page", 1, 1_000_000) : 1;
  const skipped = (page - 1) * query.limit;
  const { jobs: found, hasMore } = emulator.store.page(filter, { ...query, limit: skipped + query.limit });
  const jobs = found.slice(skipped);
  const total = numbered ? emulator.store.count(filter) : 0;
  const shown = isShuffled ? shuffled(jobs, emulator.clock.random) : jobs;
  const items = shown.map((job) => dialect.item(job, context));
  const body =
    listShape === "profile"
      ? dialect.list(items, { limit: query.limit, hasMore, total, page }, context)
      : wrapped(listShape, items, hasMore);
  if (!listHeaders || dialect.numberedPages) return { status: 200, body };
  const link = hasMore && !numbered ? linkHeader(emulator, call, jobs, query.before !== undefined) : undefined;
  const headers = { limit: String(query.limit), "has-more": String(hasMore), ...(link && { link }) };
  return { status: 200, body, headers };
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
