/** An answer of the API, with the body read as JSON where it is JSON. */
export interface ApiResponse {
  status: number;
  headers: Headers;
  body: unknown;
  ms: number;
}

interface CallOptions {
  body?: unknown;
  idempotencyKey?: string;
  /** The key to send; null sends none. Default the client's own. */
  apiKey?: string | null;
}

export interface ApiClient {
  call(method: "GET" | "POST", path: string, options?: CallOptions): Promise<ApiResponse>;
  /** Every call made so far. */
  calls(): number;
}

const TIMEOUT_MS = 30_000;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function createApiClient(apiUrl: string, ownKey: string): ApiClient {
  let base = apiUrl;
  while (base.endsWith("/")) base = base.slice(0, -1);
  let made = 0;
  return {
    async call(method, path, { body, idempotencyKey, apiKey = ownKey } = {}) {
      made += 1;
      const headers = {
        ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      };
      const startedAt = performance.now();
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const sent = body === undefined ? null : JSON.stringify(body);
      const response = await fetch(base + path, { method, headers, body: sent, signal });
      const text = await response.text();
      const ms = Math.round(performance.now() - startedAt);
      return { status: response.status, headers: response.headers, body: parse(text), ms };
    },
    calls: () => made,
  };
}
