import createClient from "openapi-fetch";
import type { paths } from "./schema.ts";

type Verb = "get" | "post" | "patch" | "delete";
type ApiPath = keyof paths & `/${"api" | "hooks"}/${string}`;

/** A call of the control API, or of a hook, by its name in docs/openapi.json: `GET /api/v1/runs/{run}`. */
export type CallName = {
  [P in ApiPath]: { [V in Verb]: paths[P][V] extends object ? `${Uppercase<V>} ${P}` : never }[Verb];
}[ApiPath];

type Operation<C extends CallName> = C extends `${infer V} ${infer P extends ApiPath}`
  ? paths[P][Lowercase<V> & keyof paths[P]]
  : never;

/** A body that is sent as it is, such as a file of ids in the type it came in. */
export interface RawBody {
  contentType: string;
  data: Blob | string;
}

type Params<O> = O extends { parameters: { path: infer P } } ? { params: P } : { params?: never };
type Query<O> = O extends { parameters: { query?: infer Q } } ? { query?: Exclude<Q, undefined> } : { query?: never };
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } }
  ? { body: B | RawBody }
  : { body?: never };

/** What a call takes: `params` fill the path's `{…}`, lists repeat in the query. */
export type Given<C extends CallName> = Params<Operation<C>> &
  Query<Operation<C>> &
  Body<Operation<C>> & { signal?: AbortSignal; idempotencyKey?: string };

type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : null;

/** The body of any 2xx; null where it has none. */
export type Answer<C extends CallName> =
  Operation<C> extends { responses: infer R }
    ? { [S in keyof R]: S extends 200 | 202 | 204 ? JsonOf<R[S]> : never }[keyof R]
    : never;

/** One call of the control API. Throws ApiError; where `signal` ended it, the signal's own error. */
export type Call = <C extends CallName>(name: C, given: Given<C>) => Promise<Answer<C>>;

/** A call that was refused, not answered, or answered with what is no JSON. The one error of this package. */
export class ApiError extends Error {
  /** 0: no answer came, and `cause` says why. 2xx: the answer is no JSON. */
  readonly status: number;
  /** The code of the problem (docs/api.md); null where the server gave none. */
  readonly code: string | null;
  /** Seconds the server asks to wait, or null. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    message: string,
    more: { code?: string | null; retryAfter?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "ApiError";
    this.status = status;
    this.code = more.code ?? null;
    this.retryAfter = more.retryAfter ?? null;
  }
}

export interface ClientOptions {
  /** Where the control API is; default: the page's own origin. */
  baseUrl?: string;
  /** Sent with every call, such as `authorization`; a browser sends the session's cookie by itself. */
  headers?: Record<string, string>;
  /** Sends a request and resolves with its answer. What it throws becomes the `cause` of an ApiError. Default: the global fetch. */
  fetch?: (request: Request) => Promise<Response>;
  /** Longest that one call may take, in ms; default: no limit of our own. */
  timeoutMs?: number;
}

/** The client of the control API. */
export function createCall({ timeoutMs, ...options }: ClientOptions = {}): Call {
  const client = createClient<paths>({ ...options, cache: "no-store" });
  return async (name, given) => {
    const [method, path] = name.split(" ");
    const { signal } = given;
    const init = { ...initOf(given), signal: limited(signal, timeoutMs) };
    const send = client.request as unknown as Send;
    const { data, error, response } = await send(method as string, path as string, init).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw failureOf(cause);
    });
    if (!response.ok) throw refusalOf(response, error);
    return (data ?? null) as never;
  };
}

/** `client.request`, whose own type wants the name of the call as literals. */
type Send = (
  method: string,
  path: string,
  init: object,
) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

function initOf({ params, query, body, idempotencyKey }: Given<CallName>): object {
  const raw = isRaw(body) ? body : null;
  return {
    params: { path: params, query },
    ...(body === undefined ? {} : { body: raw?.data ?? body }),
    ...(raw === null ? {} : { bodySerializer: (data: unknown) => data }),
    headers: {
      accept: "application/json",
      ...(raw === null ? {} : { "content-type": raw.contentType }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
  };
}

function isRaw(body: unknown): body is RawBody {
  return typeof body === "object" && body !== null && "contentType" in body;
}

function limited(signal: AbortSignal | undefined, timeoutMs: number | undefined): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  const limit = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}

function failureOf(cause: unknown): ApiError {
  if (cause instanceof SyntaxError) return new ApiError(200, "The answer is no JSON.", { cause });
  return new ApiError(0, "The server does not answer.", { cause });
}

/** RFC 9457, or whatever a proxy put there. */
function refusalOf({ status, headers }: Response, body: unknown): ApiError {
  const problem: Record<string, unknown> = typeof body === "object" && body !== null ? { ...body } : {};
  const text = (name: string): string | null => (typeof problem[name] === "string" ? problem[name] : null);
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return new ApiError(status, text("detail") ?? text("title") ?? `The server answered ${status}.`, {
    code: text("code"),
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  });
}
