import { readBoundedText } from "@prewarm/shared/read-at-most";
import { backoffMs, retryAfterMs } from "./backoff.ts";
import type { Context } from "./context.ts";
import { CliError, EXIT } from "./exit-codes.ts";

/** Longest that one try may take, in ms. A chunk of 1,000 originals is accepted in a second or two. */
const TRY_MS = 60_000;
/** Bytes of an answer that are read: the longest page of a list has about 1 MB. */
const ANSWER_MAX_BYTES = 32_000_000;
/** The number of tries that may end without an answer or with a 5xx. Waits that the server asks for do not count: only `deadline` ends them. */
const TRIES = 8;

export interface HttpRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** False: it is not safe to send this twice, so only 429 and 503 are tried again: they say that nothing was done. Default true. */
  repeatable?: boolean;
}

export interface RequestOptions {
  /** Unix ms after which there is no further try. */
  deadline?: number;
  /** Called before a wait that the server asked for. */
  onThrottled?(waitMs: number, status: number): void;
}

/** A complete answer. Where the connection breaks within the body, the try has failed. */
export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

type Caller = Pick<Context, "fetch" | "sleep" | "clock" | "interrupts">;
type Try = { answer: Answer } | { failure: string };

/**
 * Sends a request again until its answer is final. Throws exit code 4 when no try succeeds, 130 when the user interrupts. It does not
 * follow a redirect, which would send the token to another server.
 */
export async function sendRequest(caller: Caller, request: HttpRequest, options: RequestOptions = {}): Promise<Answer> {
  for (let failures = 0; ; ) {
    const outcome = await tryOnce(caller, request);
    if (caller.interrupts.now.aborted) throw interrupted();
    const wait = waitBeforeNext(caller, request, outcome, failures + 1);
    if (wait === null) return settle(outcome, request);
    if (!wait.asked) failures += 1;
    if (failures >= TRIES) throw unreachable(request, wait.why);
    if (caller.clock.now() + wait.ms > (options.deadline ?? Number.POSITIVE_INFINITY))
      throw unreachable(request, `${wait.why}, and --timeout has run out`);
    if (wait.asked) options.onThrottled?.(wait.ms, wait.status);
    await caller.sleep(wait.ms, caller.interrupts.stop);
    if (caller.interrupts.stop.aborted) throw interrupted();
  }
}

function settle(outcome: Try, request: HttpRequest): Answer {
  if ("failure" in outcome) throw unreachable(request, outcome.failure);
  return outcome.answer;
}

async function tryOnce(caller: Caller, { method, url, headers, body }: HttpRequest): Promise<Try> {
  const { now } = caller.interrupts;
  // `AbortSignal.timeout` and `AbortSignal.any` would keep the body of each request for TRY_MS, until the timeout fires.
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => controller.abort(now.reason);
  const timer = setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), TRY_MS);
  now.addEventListener("abort", stop);
  try {
    if (now.aborted) stop();
    const init = { method, headers: headers ?? {}, redirect: "manual", signal } as const;
    const response = await caller.fetch(url, body === undefined ? init : { ...init, body });
    const text = await readBoundedText(response, ANSWER_MAX_BYTES);
    return { answer: { status: response.status, headers: response.headers, body: text } };
  } catch (error) {
    return { failure: reasonOf(error) };
  } finally {
    clearTimeout(timer);
    now.removeEventListener("abort", stop);
  }
}

interface Wait {
  ms: number;
  /** True when the server asked for this wait; it does not count as a failure. */
  asked: boolean;
  status: number;
  why: string;
}

/** Decides whether to try again, and when. Null: the outcome is final. */
function waitBeforeNext(caller: Caller, request: HttpRequest, outcome: Try, n: number): Wait | null {
  const ms = backoffMs(n, caller.clock.random);
  const repeatable = request.repeatable ?? true;
  if ("failure" in outcome) return repeatable ? { ms, asked: false, status: 0, why: outcome.failure } : null;
  const { status, headers, body } = outcome.answer;
  const passing = status === 408 || status === 409 || status >= 500;
  if (status !== 429 && status !== 503 && !(passing && repeatable)) return null;
  // With an idempotency key 409 means that this very request is being accepted right now. Without one it is a refusal.
  if (status === 409 && request.headers?.["idempotency-key"] === undefined) return null;
  // The server lacks a secret, and waiting does not change that.
  if (status === 503 && body.includes('"not_configured"')) return null;
  const after = retryAfterMs(headers.get("retry-after"), caller.clock.now());
  return { ms: Math.max(after ?? 0, ms), asked: status === 429, status, why: `it answers ${status}` };
}

/** Why a request got no answer: `connect ECONNREFUSED 127.0.0.1:8788`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TRY_MS / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return cause.message || code || error.message;
}

export function unreachable({ url }: Pick<HttpRequest, "url">, why: string): CliError {
  return new CliError(EXIT.unreachable, `${new URL(url).origin} is not reachable: ${why.replace(/\.$/, "")}.`);
}

export function interrupted(): CliError {
  return new CliError(EXIT.interrupted, "Interrupted.");
}
