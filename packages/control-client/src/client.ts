import type { Answer, CallName, Given, RawBody } from "@prewarm/control-schema/calls";

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

/** Answers that a client keeps, so that it can ask whether they have changed. */
const KEPT_MAX = 50;

interface KeptAnswer {
  etag: string;
  body: unknown;
}

/**
 * The client of the control API. An answer that has not changed is the object of the call before; of an answer with the
 * server's time `at` it is a copy with the present time.
 */
export function createCall({ baseUrl = "", headers = {}, fetch, timeoutMs }: ClientOptions = {}): Call {
  const send = fetch ?? ((request: Request) => globalThis.fetch(request));
  const kept = new Map<string, KeptAnswer>();
  return async (name, given) => {
    const { signal } = given;
    const request = requestOf(name, given as Loose, { baseUrl, headers, signal: limited(signal, timeoutMs) });
    const known = request.method === "GET" ? kept.get(request.url) : undefined;
    if (known !== undefined) request.headers.set("if-none-match", known.etag);
    const response = await send(request).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw new ApiError(0, "The server does not answer.", { cause });
    });
    if (response.status === 304 && known !== undefined) return presentOf(known, response) as never;
    // biome-ignore lint/plugin: the command line's `fetch` bounds it, and the dashboard asks its own server
    const text = await response.text();
    if (!response.ok) throw refusalOf(response, parsed(text));
    if (text === "") return null as never;
    const body = parsed(text);
    if (body === undefined) throw new ApiError(response.status, "The answer is no JSON.");
    keep(kept, request, { etag: response.headers.get("etag") ?? "", body });
    return body as never;
  };
}

function keep(kept: Map<string, KeptAnswer>, { method, url }: Request, answer: KeptAnswer): void {
  kept.delete(url);
  if (method !== "GET" || answer.etag === "") return;
  kept.set(url, answer);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}

function presentOf({ body }: KeptAnswer, { headers }: Response): unknown {
  const at = Number(headers.get("prewarm-at") ?? Number.NaN);
  const hasTime = typeof body === "object" && body !== null && "at" in body && Number.isFinite(at);
  return hasTime ? { ...body, at } : body;
}

interface Sending {
  baseUrl: string;
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

function requestOf(name: CallName, given: Loose, { baseUrl, headers, signal }: Sending): Request {
  const { params = {}, query = {}, body, idempotencyKey } = given;
  const [method = "", path = ""] = name.split(" ");
  const filled = path.replace(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param] ?? ""));
  const raw = isRaw(body) ? body : { contentType: "application/json", data: JSON.stringify(body) };
  return new Request(`${baseUrl}${filled}${queryOf(query)}`, {
    method,
    cache: "no-store",
    headers: {
      ...headers,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": raw.contentType }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: raw.data }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What is given, whatever the call. */
interface Loose {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  idempotencyKey?: string;
}

/** A list stands once for each entry; what is undefined is left out. */
function queryOf(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (one === undefined ? [] : [[name, String(one)]])),
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** JSON as a value; undefined where the text is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRaw(body: unknown): body is RawBody {
  return typeof body === "object" && body !== null && "contentType" in body;
}

function limited(signal: AbortSignal | undefined, timeoutMs: number | undefined): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  const limit = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
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
