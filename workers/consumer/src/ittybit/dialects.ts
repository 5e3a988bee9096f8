import type { ExternalJob } from "@prewarm/durable-queue";
import { type Fields, fieldsOf, first, textOf } from "./fields.ts";
import { errorIn, shown, type UpstreamError } from "./read-error.ts";

/*
 * The one place that knows how Ittybit shows a job. Its pages describe seven dialects (docs/internals/ittybit.md), two of which
 * are both in use today: the reference ends a job with `succeeded` and an `output` string, the guides with `completed`
 * and `output.url`; a loop written for one never ends against the other. Everything here takes all of them, requires
 * nothing but an id and a status word, and never throws. Each table says where a thing stands; the first that holds wins.
 */

/** Called `ittybitJob` wherever its id stands by itself. */
export type IttybitJob = ExternalJob;
export type JobStatus = ExternalJob["status"];

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

/** Where an answer, a webhook or an event holds its job, when it is none itself. */
const ENVELOPES = ["data", "job", "task"];
/** Envelopes within envelopes that are opened; an event in an envelope has two. */
const ENVELOPE_DEPTH = 3;

/** Where a job names its result: a URL, an object with one, or a list of these. */
const OUTPUTS = ["output", "outputs", "results"];
/** Where a result that is no file itself names its files. */
const FILES = ["files", "data"];
/** A job's steps, newest last. */
const STEPS = ["tasks", "steps"];

const INPUTS = ["input", "url", "inputs"];
const CREATED = ["created_at", "created", "createdAt"];
const FINISHED = ["finished_at", "finished", "completed_at", "completed", "finishedAt"];
/** Beside `error`, where the reason of a failed job may stand. Not `kind`: that is the job's own. */
const REASONS = ["errors", "error_message", "failure_reason", "reason", "detail", "message"];

function idOf(fields: Fields): string | null {
  const id = textOf(fields.id);
  return id === null || id.length > 200 || /[\s\p{Cc}]/u.test(id) ? null : id;
}

/** `{object: "event"}`, `{kind: "task.succeeded"}` or `{type: "job.failed"}`: the id is the event's own. */
function isEvent({ object, kind, type }: Fields): boolean {
  return object === "event" || [kind, type].some((word) => /^(?:job|task)\.[a-z]+$/.test(textOf(word) ?? ""));
}

/** The job itself, taken out of its envelope or event. A body with an id and a status is never opened: what is in it is its own. */
function jobFields(body: unknown, depth = 0): Fields | null {
  const fields = fieldsOf(body);
  if (fields === null) return null;
  const own = idOf(fields) !== null && !isEvent(fields) ? fields : null;
  if ((own !== null && textOf(own.status) !== null) || depth >= ENVELOPE_DEPTH) return own;
  return first(fields, ENVELOPES, (inner) => jobFields(inner, depth + 1)) ?? own;
}

/** ms from 1e12 on, else seconds; or an ISO date. */
export function readTime(value: unknown): number | null {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value >= 1e12 ? value : value * 1000;
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

/** `s3://` is refused: we never ask for it and cannot fetch it. */
function urlIn(value: unknown): string | null {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  const text = textOf(one) ?? textOf(fieldsOf(one)?.url);
  return text !== null && /^https?:\/\//i.test(text) ? text : null;
}

function outputOf(fields: Fields): string | null {
  const named = first(fields, OUTPUTS, (value) => {
    const inner = fieldsOf(value);
    return urlIn(value) ?? (inner === null ? null : first(inner, FILES, urlIn));
  });
  return named ?? outputOfSteps(fields);
}

function stepsOf(fields: Fields): Fields[] {
  const steps = first(fields, STEPS, (value) => (Array.isArray(value) && value.length > 0 ? value : null)) ?? [];
  return steps.map(fieldsOf).filter((step) => step !== null);
}

/** The last finished encode or export. A probe's or import's URL is the source's, so those never count. */
function outputOfSteps(fields: Fields): string | null {
  for (const step of stepsOf(fields).toReversed()) {
    if (statusOf(step).status !== "done") continue;
    const counts = step.kind === "export" || step.kind === (textOf(fields.kind) ?? "image");
    const url = counts ? urlIn(step.output) : null;
    if (url !== null) return url;
  }
  return null;
}

function statusOf(fields: Fields): { status: JobStatus; said: string; known: boolean } {
  const said = (textOf(fields.status) ?? "").toLowerCase();
  const status = Object.hasOwn(STATUSES, said) ? STATUSES[said] : undefined;
  return { status: status ?? "pending", said, known: status !== undefined };
}

/** A server may make numbers of our texts. */
function metadataOf(fields: Fields): Record<string, string> {
  const entries = Object.entries(fieldsOf(fields.metadata) ?? {});
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      typeof value === "string" || typeof value === "number" ? [[name, String(value)]] : [],
    ),
  );
}

/** Why a job ended badly: its own word, else that of the last step that failed (the reference shows an error for each). */
function reasonOf(fields: Fields, said: string): UpstreamError {
  const own = errorIn(fields.error) ?? first(fields, REASONS, errorIn);
  if (own !== null) return own;
  const failed = stepsOf(fields).filter((step) => statusOf(step).status === "failed");
  const ofStep = failed.toReversed().map((step) => errorIn(step.error) ?? first(step, REASONS, errorIn));
  return (
    ofStep.find((error) => error !== null) ?? shown(fields.error) ?? { kind: null, message: `the job ended ${said}` }
  );
}

/** A job (or task) of any dialect, or null when there is no usable id. */
export function readJob(body: unknown): IttybitJob | null {
  const fields = jobFields(body);
  const id = fields === null ? null : idOf(fields);
  if (fields === null || id === null) return null;
  const status = statusOf(fields);
  const isBad = status.status === "failed" || status.status === "cancelled";
  return {
    id,
    ...status,
    output: outputOf(fields),
    error: isBad ? reasonOf(fields, status.said) : errorIn(fields.error),
    metadata: metadataOf(fields),
    input: first(fields, INPUTS, (value) => textOf(value) ?? urlIn(value)),
    createdAt: first(fields, CREATED, readTime),
    finishedAt: first(fields, FINISHED, readTime),
  };
}
