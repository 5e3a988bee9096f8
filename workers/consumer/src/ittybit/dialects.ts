import * as z from "zod";

/*
 * The one place that knows how Ittybit speaks. Its pages describe seven dialects (docs/ittybit-dialects.md), two of which
 * are both in use today: the reference ends a job with `succeeded` and an `output` string, the guides with `completed`
 * and `output.url`; a loop written for one never ends against the other. Everything here takes all of them, requires
 * nothing but an id and a status word, and never throws.
 */

export type JobStatus = "pending" | "done" | "failed" | "cancelled";

export interface IttybitJob {
  /** Called `ittybitJob` wherever it stands by itself. */
  id: string;
  status: JobStatus;
  /** Ittybit's own status word. */
  said: string;
  /** False when the word is one nobody has documented; then the status is `pending`, bounded by the caller's deadline. */
  known: boolean;
  /** Where the result can be fetched: http(s) only. */
  output: string | null;
  error: UpstreamError | null;
  metadata: Record<string, string>;
  input: string | null;
  /** Unix ms. */
  createdAt: number | null;
  finishedAt: number | null;
}

interface UpstreamError {
  kind: string | null;
  message: string;
}

const STATUSES: Record<string, JobStatus> = {
  succeeded: "done",
  completed: "done",
  ready: "done",
  success: "done",
  complete: "done",
  done: "done",
  failed: "failed",
  error: "failed",
  errored: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
  pending: "pending",
  waiting: "pending",
  validating: "pending",
  queued: "pending",
  processing: "pending",
  finishing: "pending",
};

const record = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof record>;

function fieldsOf(value: unknown): Fields | null {
  const parsed = record.safeParse(value);
  return parsed.success && !Array.isArray(value) ? parsed.data : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Takes `{meta, data, error, links}` off, but never opens a resource that has a `data` of its own (such as an event). */
function unwrap(body: unknown): unknown {
  const fields = fieldsOf(body);
  if (fields === null) return body;
  if (fields.object === "event") return fields.data;
  const wrapped = typeof fields.data === "object" && fields.data !== null;
  return wrapped && !("status" in fields) && !("object" in fields) ? fields.data : body;
}

/** ms from 1e12 on, else seconds; or an ISO date. */
export function readTime(value: unknown): number | null {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value >= 1e12 ? value : value * 1000;
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

function firstTime(fields: Fields, names: string[]): number | null {
  for (const name of names) {
    const time = readTime(fields[name]);
    if (time !== null) return time;
  }
  return null;
}

/** `s3://` is refused: we never ask for it and cannot fetch it. */
function urlIn(value: unknown): string | null {
  const text = textOf(value) ?? textOf(fieldsOf(value)?.url);
  return text !== null && /^https?:\/\//i.test(text) ? text : null;
}

function outputOf(fields: Fields): string | null {
  const direct = urlIn(fields.output);
  if (direct !== null) return direct;
  for (const name of ["outputs", "results"]) {
    const value = fields[name];
    const url = urlIn(Array.isArray(value) ? value[0] : value);
    if (url !== null) return url;
  }
  return outputOfTasks(fields);
}

/** The last finished encode or export. A probe's or import's URL is the source's, so those never count. */
function outputOfTasks(fields: Fields): string | null {
  const tasks = Array.isArray(fields.tasks) ? fields.tasks : [];
  for (const task of tasks.toReversed()) {
    const candidate = fieldsOf(task);
    if (candidate === null || statusOf(candidate).status !== "done") continue;
    const counts = candidate.kind === "export" || candidate.kind === (textOf(fields.kind) ?? "image");
    const url = counts ? urlIn(candidate.output) : null;
    if (url !== null) return url;
  }
  return null;
}

function statusOf(fields: Fields): { status: JobStatus; said: string; known: boolean } {
  const said = (textOf(fields.status) ?? "").toLowerCase();
  const status = Object.hasOwn(STATUSES, said) ? STATUSES[said] : undefined;
  return { status: status ?? "pending", said, known: status !== undefined };
}

function metadataOf(fields: Fields): Record<string, string> {
  const entries = Object.entries(fieldsOf(fields.metadata) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** Errors within errors that are looked into; the dialects have one. */
const ERROR_DEPTH = 4;

/** `{kind, message}`, `{message}`, `{error: {…}}`, `{error: "…"}`, a bare string, or nothing of these. */
function errorIn(value: unknown, depth = 0): UpstreamError | null {
  const text = textOf(value);
  if (text !== null) return { kind: null, message: text };
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const message = textOf(fields.message);
  const kind = textOf(fields.kind) ?? textOf(fields.code);
  if (message !== null || kind !== null) return { kind, message: message ?? kind ?? "" };
  return depth < ERROR_DEPTH ? errorIn(fields.error, depth + 1) : null;
}

/** A job (or task) of any dialect, or null when there is no usable id. */
export function readJob(body: unknown): IttybitJob | null {
  const fields = fieldsOf(unwrap(body));
  const id = textOf(fields?.id);
  if (fields === null || id === null || id.length > 200 || /[\s\p{Cc}]/u.test(id)) return null;
  const status = statusOf(fields);
  const failed = status.status === "failed" || status.status === "cancelled";
  return {
    id,
    ...status,
    output: outputOf(fields),
    error: errorIn(fields.error) ?? (failed ? { kind: null, message: `the job ended ${status.said}` } : null),
    metadata: metadataOf(fields),
    input: textOf(fields.input) ?? textOf(fields.url) ?? urlIn(Array.isArray(fields.inputs) ? fields.inputs[0] : null),
    createdAt: firstTime(fields, ["created_at", "created"]),
    finishedAt: firstTime(fields, ["finished_at", "finished", "completed_at", "completed"]),
  };
}

/** The error an unsuccessful answer carries. HTML and empty bodies say only their status. */
export function readError(status: number, text: string): UpstreamError {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page or plain text: its status is all that can be trusted.
  }
  return errorIn(body) ?? { kind: null, message: `HTTP ${status}` };
}

export interface JobPage {
  jobs: IttybitJob[];
  /** The query of the next page, or null at the end. */
  next: string | null;
}

const PAGE_PARAMETERS = ["limit", "after", "before", "page", "order", "kind", "status", "input"];

/** Only the query of a next link is used, and only parameters we know: the key goes to no other address. */
function queryOf(link: string | null): string | null {
  const query = link === null ? "" : (link.split("#")[0]?.split("?")[1] ?? "");
  const kept = [...new URLSearchParams(query)].filter(([name]) => PAGE_PARAMETERS.includes(name));
  return kept.length === 0 ? null : new URLSearchParams(kept).toString();
}

/** Of a Link header, in characters. */
const LINK_MAX = 8192;

function nextLink(header: string | null): string | null {
  for (const link of (header ?? "").slice(0, LINK_MAX).split("<")) {
    const [address = "", parameters] = link.split(">", 2);
    if (parameters !== undefined && /^\s*;/.test(parameters) && /\brel="?next"?/i.test(parameters.split(",")[0] ?? ""))
      return address;
  }
  return null;
}

/** A list of any dialect: a bare array with `Link` and `Has-More` headers, or `{data, links}`. Unreadable items are left out. */
export function readPage(body: unknown, headers: Headers, asked: URLSearchParams): JobPage | null {
  const items = Array.isArray(body) ? body : unwrap(body);
  if (!Array.isArray(items)) return null;
  const jobs = items.map(readJob).filter((job) => job !== null);
  const links = fieldsOf(fieldsOf(body)?.links);
  const linked = queryOf(nextLink(headers.get("link")) ?? textOf(links?.next));
  if (linked !== null) return { jobs, next: linked };
  const hasMore = headers.get("has-more")?.toLowerCase();
  const full = items.length >= Number(asked.get("limit"));
  const last = jobs.at(-1);
  const more = last !== undefined && links === null && (hasMore === "true" || (hasMore === undefined && full));
  if (!more) return { jobs, next: null };
  const next = new URLSearchParams(asked);
  next.set("after", last.id);
  return { jobs, next: next.toString() };
}
