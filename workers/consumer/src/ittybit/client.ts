import { readRetryAfter } from "@prewarm/shared/backoff";
import { abortAfter, type Clock } from "@prewarm/shared/clock";
import type { Position } from "@prewarm/shared/config";
import { withoutFinalSlashes } from "@prewarm/shared/environment";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import type { Failure } from "@prewarm/shared/job";
import { errorText, publicText } from "@prewarm/shared/log";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import type { Transform } from "@prewarm/shared/transform";
import { secretsOf } from "../platform/signed-url.ts";
import { ENGINE_MS } from "../times.ts";
import { type IttybitJob, readJob } from "./dialects.ts";
import { readError } from "./read-error.ts";
import { type JobPage, readPage } from "./read-page.ts";

/** A page of 100 jobs with their tasks is about 300 kB. */
const BODY_MAX_BYTES = 4_000_000;
/** Ittybit answered 429 and did not say for how long: a pause of ours, chosen. */
export const THROTTLED_MS = 10_000;
/** Jobs on a page (the API's maximum). */
const PAGE_LIMIT = 100;

/** Why a call gave no result. Nothing here ever holds the key. */
export type NoResult =
  | { kind: "throttled"; retryAfterMs: number | null }
  /** The whole account (or our configuration of it, its address among them) is refused: nothing else will pass either. */
  | { kind: "account"; status: number; message: string }
  | { kind: "rejected"; failure: Failure }
  /**
   * No answer, or one that does not say what happened. A POST may have made a job. `lookFirst`: Ittybit refuses a key that it may have taken
   * before, so another POST is in vain: look for the job by its metadata.
   */
  | { kind: "unclear"; failure: Failure; lookFirst?: true };

export type Submission = { kind: "made"; job: IttybitJob; replayed: boolean } | NoResult;
type JobLook = { kind: "job"; job: IttybitJob } | { kind: "absent" } | NoResult;
export type Listing =
  | ({ kind: "page" } & JobPage)
  /** This service lists no jobs: read them one by one. */
  | { kind: "noList" }
  /** `after` names no job that this service knows (any more): read from another one, or from the top. */
  | { kind: "noCursor" }
  | NoResult;

/** What Ittybit is asked for: the documented image options only. */
export interface JobOptions {
  width?: number;
  height?: number;
  fit?: "cover" | "contain" | "fill";
  position?: Position;
  format: Transform["format"];
  quality: Transform["quality"];
}

export interface JobOrder {
  input: string;
  options: JobOptions;
  idempotencyKey: string;
  /** Echoed on the job by the dialects that know it. */
  metadata: Record<string, string>;
  /** Called when the job has ended; left out: nothing is. Only `scripts/ittybit-lab` asks for it. */
  webhookUrl?: string;
  /** True when a POST under this key may have arrived before: then a refusal says nothing about the order. Default false. */
  again?: boolean;
}

export interface ListQuery {
  /** The `next` of the page before. The rest is unused then. */
  next?: string;
  /** Filters by exact URL. */
  input?: string;
  /** The id of a job: the page begins behind it. */
  after?: string;
  /** Of creation. Default `desc`. */
  order?: "asc" | "desc";
  /** Jobs on the page, 1 to 100. Default 100. */
  limit?: number;
}

/** Ittybit, as far as variants need it. Results are values; it never throws. */
export interface Ittybit {
  submit(order: JobOrder): Promise<Submission>;
  get(ittybitJob: string): Promise<JobLook>;
  /** A page of jobs. */
  list(query?: ListQuery): Promise<Listing>;
}

interface IttybitSettings {
  /** Such as `https://api.ittybit.com`. */
  baseUrl: string;
  apiKey: string;
  fetch: typeof fetch;
  clock: Clock;
  /** Sent as `Accept-Version` when given; by default the newest stable version answers. */
  acceptVersion?: string;
}

type Answered =
  | { kind: "answer"; response: Response; body: unknown; sentAt: number }
  | { kind: "absent"; message: string }
  | NoResult;

/** What a status other than 2xx says; the others are `unclear`, as is no answer at all. A redirect would take the key elsewhere: the address is wrong. */
const KINDS_OF_STATUS: Record<number, "throttled" | "account" | "absent" | "rejected"> = {
  300: "account",
  301: "account",
  302: "account",
  303: "account",
  307: "account",
  308: "account",
  400: "rejected",
  405: "rejected",
  413: "rejected",
  415: "rejected",
  422: "rejected",
  401: "account",
  402: "account",
  403: "account",
  404: "absent",
  410: "absent",
  429: "throttled",
};

function unclear(code: string, message: string, httpStatus?: number): Extract<NoResult, { kind: "unclear" }> {
  return { kind: "unclear", failure: { code, message, ...(httpStatus === undefined ? {} : { httpStatus }) } };
}

function whereTo(response: Response): string {
  const location = response.headers.get("location");
  return location === null ? "the address redirects" : `the address redirects to ${location}`;
}

function classify(
  response: Response,
  text: string,
  settings: IttybitSettings,
  secrets: readonly string[],
): Exclude<Answered, { kind: "answer" }> {
  const { status } = response;
  const said = readError(status, text);
  const clean = (word: string) => publicText(word, secrets);
  const message = clean(said.message);
  const failure = { message, httpStatus: status, ...(said.kind === null ? {} : { kind: clean(said.kind) }) };
  switch (KINDS_OF_STATUS[status]) {
    case "throttled":
      return {
        kind: "throttled",
        retryAfterMs: readRetryAfter(response.headers.get("retry-after"), settings.clock.now()),
      };
    case "account":
      return { kind: "account", status, message: status < 400 ? clean(whereTo(response)) : message };
    case "absent":
      return { kind: "absent", message };
    case "rejected":
      return { kind: "rejected", failure: { code: "upstream_rejected", ...failure } };
    default:
      return { kind: "unclear", failure: { code: "upstream_unavailable", ...failure } };
  }
}

/** `sent`: what else of this call must appear in no message, beside the key. */
async function send(
  settings: IttybitSettings,
  path: string,
  { sent = [], ...init }: RequestInit & { sent?: readonly string[] } = {},
): Promise<Answered> {
  const secrets = [settings.apiKey, ...sent];
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${settings.apiKey}`);
  headers.set("accept", "application/json");
  if (settings.acceptVersion !== undefined) headers.set("accept-version", settings.acceptVersion);
  const url = `${withoutFinalSlashes(settings.baseUrl)}${path}`;
  const sentAt = settings.clock.now();
  try {
    // Redirects are not followed: the key goes to the configured address only.
    const { response, text } = await abortAfter(ENGINE_MS, async (signal) => {
      const answer = await settings.fetch(url, { ...init, headers, redirect: "manual", signal });
      return { response: answer, text: await readBoundedText(answer, BODY_MAX_BYTES) };
    });
    if (!response.ok) return classify(response, text, settings, secrets);
    return { kind: "answer", response, body: parseForeignJson(text), sentAt };
  } catch (error) {
    const code = error instanceof SyntaxError ? "upstream_unreadable" : "upstream_unreachable";
    return unclear(code, errorText(error, secrets));
  }
}

function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The whole body of an order's POST. The same order gives the same bytes: a key stands for one body. */
export function requestBody({ input, options, metadata, webhookUrl }: JobOrder): string {
  // The name in Ittybit's guides; the reference's table lacks it.
  const hook = webhookUrl === undefined ? {} : { webhook_url: webhookUrl };
  return JSON.stringify({ input, kind: "image", options: sorted(options), metadata: sorted(metadata), ...hook });
}

/** A refusal that may be about the key: its words say so, it says conflict, or the key was sent before. A job of this order may exist. */
function asLookFirst(answer: NoResult, { again = false }: JobOrder): NoResult {
  if (answer.kind !== "rejected" && answer.kind !== "unclear") return answer;
  const { failure } = answer;
  const isConflict = failure.httpStatus === 409 || /idempoten/i.test(`${failure.kind} ${failure.message}`);
  const isRefusal = failure.httpStatus === 400 || failure.httpStatus === 422;
  if (!isConflict && !(again && isRefusal)) return answer;
  return { kind: "unclear", failure: { ...failure, code: "upstream_conflict" }, lookFirst: true };
}

/** The `Date` header has whole seconds. */
const DATE_STEP_MS = 1_000;

/**
 * Whether the answer is that of an earlier POST. 201 is a new job; 200 is documented for replays only, but one dialect answers every POST with
 * it: then a job that has gone on, or is older than this call by Ittybit's own clock, is a replay.
 */
function isReplay({ response, sentAt }: Extract<Answered, { kind: "answer" }>, job: IttybitJob, now: number): boolean {
  if (response.status !== 200) return false;
  if (job.status !== "pending") return true;
  const theirs = Date.parse(response.headers.get("date") ?? "");
  const began = Number.isNaN(theirs) ? sentAt : theirs - (now - sentAt) - DATE_STEP_MS;
  return job.createdAt !== null && job.createdAt < began - DATE_STEP_MS;
}

async function submit(settings: IttybitSettings, order: JobOrder): Promise<Submission> {
  const answer = await send(settings, "/jobs", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": order.idempotencyKey },
    body: requestBody(order),
    // An error may quote the signature of the original's URL.
    sent: secretsOf(order.input),
  });
  // No such call: the address is wrong, for every job alike.
  if (answer.kind === "absent") return { kind: "account", status: 404, message: `POST /jobs: ${answer.message}` };
  if (answer.kind !== "answer") return asLookFirst(answer, order);
  const job = readJob(answer.body);
  if (job === null)
    return unclear("upstream_unreadable", "the answer to POST /jobs has no job id", answer.response.status);
  return { kind: "made", job, replayed: isReplay(answer, job, settings.clock.now()) };
}

async function get(settings: IttybitSettings, ittybitJob: string): Promise<JobLook> {
  const name = encodeURIComponent(ittybitJob);
  let answer = await send(settings, `/jobs/${name}`);
  // The guides give out `task_…` ids; some servers know those under their own path only.
  if (answer.kind === "absent" && ittybitJob.startsWith("task_")) answer = await send(settings, `/tasks/${name}`);
  if (answer.kind === "absent") return { kind: "absent" };
  if (answer.kind !== "answer") return answer;
  const job = readJob(answer.body);
  return job === null ? unclear("upstream_unreadable", "the job has no id") : { kind: "job", job };
}

const NO_LIST = [404, 405, 410, 501];
const NO_CURSOR = [400, 404, 410, 422];

function withoutPage(answer: Exclude<Answered, { kind: "answer" }>, asked: URLSearchParams): Listing {
  const status = "failure" in answer ? answer.failure.httpStatus : answer.kind === "absent" ? 404 : undefined;
  if (status !== undefined && asked.has("after") && NO_CURSOR.includes(status)) return { kind: "noCursor" };
  if (answer.kind === "absent" || (status !== undefined && NO_LIST.includes(status))) return { kind: "noList" };
  return answer;
}

async function list(settings: IttybitSettings, query: ListQuery): Promise<Listing> {
  const { next, limit = PAGE_LIMIT, ...rest } = query;
  const asked = new URLSearchParams(next ?? { limit: String(Math.min(limit, PAGE_LIMIT)), ...rest });
  const answer = await send(settings, `/jobs?${asked}`, { sent: secretsOf(rest.input ?? null) });
  if (answer.kind !== "answer") return withoutPage(answer, asked);
  const page = readPage(answer.body, answer.response.headers, asked);
  return page === null ? { kind: "noList" } : { kind: "page", ...page };
}

export function createIttybit(settings: IttybitSettings): Ittybit {
  return {
    submit: (order) => submit(settings, order),
    get: (ittybitJob) => get(settings, ittybitJob),
    list: (query = {}) => list(settings, query),
  };
}
