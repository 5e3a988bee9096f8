import type { Clock } from "@prewarm/shared/clock";
import { withoutFinalSlashes } from "@prewarm/shared/environment";
import type { Failure } from "@prewarm/shared/job";
import { readRetryAfter } from "@prewarm/shared/retry-after";
import { readBoundedText } from "../platform/bounded-body.ts";
import { errorText, publicText } from "../platform/log.ts";
import { type IttybitJob, type JobPage, readError, readJob, readPage } from "./dialects.ts";
import type { JobOptions } from "./job-request.ts";

/** Longest wait for an answer: a POST that hangs holds up a whole batch's `submitted`. */
const TIMEOUT_MS = 15_000;
/** A page of 100 jobs with their tasks is about 300 kB. */
const BODY_MAX_BYTES = 4_000_000;
/** Jobs on a page (the API's maximum). */
const PAGE_LIMIT = 100;

/** Why a call gave no result. Nothing here ever holds the key. */
export type NoResult =
  | { kind: "throttled"; retryAfterMs: number | null }
  /** The whole account (or our configuration of it) is refused: nothing else will pass either. */
  | { kind: "account"; status: number; message: string }
  | { kind: "rejected"; failure: Failure }
  /** No answer, or one that does not say what happened. A POST may have made a job. */
  | { kind: "unclear"; failure: Failure };

export type Submission = { kind: "made"; job: IttybitJob; replayed: boolean } | NoResult;
type JobLook = { kind: "job"; job: IttybitJob } | { kind: "absent" } | NoResult;
type Listing = ({ kind: "page" } & JobPage) | NoResult;

export interface JobOrder {
  input: string;
  options: JobOptions;
  idempotencyKey: string;
  /** Echoed on the job by the dialects that know it. */
  metadata: Record<string, string>;
}

/** Ittybit, as far as variants need it. Results are values; it never throws. */
export interface Ittybit {
  submit(order: JobOrder): Promise<Submission>;
  get(ittybitJob: string): Promise<JobLook>;
  /** A page of jobs, newest first. `next` is the `next` of the page before; `input` filters by exact URL. */
  list(query?: { next?: string; input?: string }): Promise<Listing>;
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

type Answered = { kind: "answer"; response: Response; body: unknown } | { kind: "absent"; message: string } | NoResult;

function unclear(code: string, message: string, httpStatus?: number): NoResult {
  return { kind: "unclear", failure: { code, message, ...(httpStatus === undefined ? {} : { httpStatus }) } };
}

/** True when the idempotency key is refused: a job of this generation exists then, and the request itself may be right. */
function isKeyConflict(kind: string | null, message: string): boolean {
  return /idempoten/i.test(`${kind} ${message}`);
}

function classify(response: Response, text: string, settings: IttybitSettings): Exclude<Answered, { kind: "answer" }> {
  const { status } = response;
  const said = readError(status, text);
  const message = publicText(said.message, [settings.apiKey]);
  const kind = said.kind === null ? {} : { kind: publicText(said.kind, [settings.apiKey]) };
  if (status === 429) {
    return {
      kind: "throttled",
      retryAfterMs: readRetryAfter(response.headers.get("retry-after"), settings.clock.now()),
    };
  }
  if (status === 401 || status === 402 || status === 403) return { kind: "account", status, message };
  if (status === 404 || status === 410) return { kind: "absent", message };
  const permanent = [400, 405, 413, 415, 422].includes(status) && !isKeyConflict(said.kind, said.message);
  const code = permanent ? "upstream_rejected" : "upstream_unavailable";
  return { kind: permanent ? "rejected" : "unclear", failure: { code, message, httpStatus: status, ...kind } };
}

async function send(settings: IttybitSettings, path: string, init: RequestInit = {}): Promise<Answered> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${settings.apiKey}`);
  headers.set("accept", "application/json");
  if (settings.acceptVersion !== undefined) headers.set("accept-version", settings.acceptVersion);
  const url = `${withoutFinalSlashes(settings.baseUrl)}${path}`;
  try {
    // Redirects are not followed: the key goes to the configured address only.
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await settings.fetch(url, { ...init, headers, redirect: "manual", signal });
    const text = await readBoundedText(response, BODY_MAX_BYTES);
    if (!response.ok) return classify(response, text, settings);
    return { kind: "answer", response, body: JSON.parse(text) };
  } catch (error) {
    const code = error instanceof SyntaxError ? "upstream_unreadable" : "upstream_unreachable";
    return unclear(code, errorText(error, [settings.apiKey]));
  }
}

async function submit(settings: IttybitSettings, order: JobOrder): Promise<Submission> {
  const { input, options, metadata } = order;
  const answer = await send(settings, "/jobs", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": order.idempotencyKey },
    body: JSON.stringify({ input, kind: "image", options, metadata }),
  });
  // No such call: the address is wrong, for every job alike.
  if (answer.kind === "absent") return { kind: "account", status: 404, message: `POST /jobs: ${answer.message}` };
  if (answer.kind !== "answer") return answer;
  const job = readJob(answer.body);
  if (job === null)
    return unclear("upstream_unreadable", "the answer to POST /jobs has no job id", answer.response.status);
  return { kind: "made", job, replayed: answer.response.status === 200 };
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

async function list(settings: IttybitSettings, query: { next?: string; input?: string }): Promise<Listing> {
  const asked = new URLSearchParams(
    query.next ?? { limit: String(PAGE_LIMIT), ...(query.input === undefined ? {} : { input: query.input }) },
  );
  const answer = await send(settings, `/jobs?${asked}`);
  if (answer.kind === "absent") return unclear("upstream_unreadable", "there is no list of jobs", 404);
  if (answer.kind !== "answer") return answer;
  const page = readPage(answer.body, answer.response.headers, asked);
  return page === null ? unclear("upstream_unreadable", "the list of jobs is not a list") : { kind: "page", ...page };
}

export function createIttybit(settings: IttybitSettings): Ittybit {
  return {
    submit: (order) => submit(settings, order),
    get: (ittybitJob) => get(settings, ittybitJob),
    list: (query = {}) => list(settings, query),
  };
}
