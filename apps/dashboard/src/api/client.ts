import type { Calls, Problem } from "./schema.ts";

/** A refusal of the server, or an answer that never came (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds the server asks to wait, or null. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** A body that is sent as it is: a file of ids, in the type it came in. */
export interface RawBody {
  contentType: string;
  data: Blob | string;
}

type Optional<T, K extends string> = Record<never, never> extends T ? { [P in K]?: T } : { [P in K]: T };
type Given<C extends keyof Calls> = Optional<Calls[C]["params"], "params"> &
  Optional<Calls[C]["query"], "query"> &
  ([Calls[C]["body"]] extends [never] ? unknown : { body: Exclude<Calls[C]["body"], string> | RawBody }) & {
    signal?: AbortSignal;
    idempotencyKey?: string;
  };

/** One call of the control API. `answer` is the body of any 2xx. Throws ApiError, or the signal's AbortError. */
export async function call<C extends keyof Calls>(name: C, given: Given<C>): Promise<Calls[C]["answer"]> {
  const [method = "GET", template = ""] = name.split(" ");
  const { params, query, body, signal, idempotencyKey } = given as Loose;
  const raw = isRaw(body)
    ? body
    : body === undefined
      ? null
      : { contentType: "application/json", data: JSON.stringify(body) };
  const headers = new Headers({ accept: "application/json" });
  if (raw) headers.set("content-type", raw.contentType);
  if (idempotencyKey) headers.set("idempotency-key", idempotencyKey);
  const response = await fetch(address(template, params, query), {
    method,
    headers,
    body: raw?.data ?? null,
    signal: signal ?? null,
    cache: "no-store",
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. It is tried again by itself.");
  });
  if (!response.ok) throw await refusalOf(response);
  return (response.status === 204 ? null : await response.json()) as Calls[C]["answer"];
}

interface Loose {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
  idempotencyKey?: string;
}

function isRaw(body: unknown): body is RawBody {
  return typeof body === "object" && body !== null && "contentType" in body;
}

/** Fills `{name}` with one encoded segment each; arrays repeat in the query. */
export function address(
  template: string,
  params: Record<string, string> = {},
  query: Record<string, unknown> = {},
): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null) search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function refusalOf(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const message = problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, problem?.code ?? "unknown", message, Number.isFinite(seconds) ? seconds : null);
}
