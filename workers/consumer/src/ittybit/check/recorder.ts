import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { readBoundedText } from "@prewarm/shared/read-at-most";

/** One call to Ittybit as it was, without its headers: the key is in them. */
export interface Exchange {
  method: string;
  /** With its query. */
  path: string;
  /** What was sent, read as JSON. */
  sent: unknown;
  /** Null: no answer came. */
  status: number | null;
  headers: Headers;
  /** Read as JSON where it is JSON, else as text. */
  body: unknown;
  ms: number;
  /** Why no answer came: a code such as `ENOTFOUND`, or the error's name. */
  fault: string | null;
}

export interface Recorder {
  /** Hands calls on and keeps them. */
  fetch: typeof fetch;
  exchanges: Exchange[];
}

/** Of an answer, in characters; the client reads no more either. */
const BODY_MAX = 4_000_000;
/** Statuses whose answers have no body. */
const BODILESS = [101, 204, 205, 304];

function jsonOf(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return text;
  }
}

/** What a network error says by its code; `fetch failed` says nothing, its cause does. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : error.name;
}

export function createRecorder(fetcher: typeof fetch, now: () => number): Recorder {
  const exchanges: Exchange[] = [];
  const recorded = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(input);
    const began = now();
    const sent = typeof init.body === "string" ? jsonOf(init.body) : null;
    const exchange: Exchange = {
      method: init.method ?? "GET",
      path: pathname + search,
      sent,
      status: null,
      headers: new Headers(),
      body: null,
      ms: 0,
      fault: null,
    };
    exchanges.push(exchange);
    try {
      const response = await fetcher(input, init);
      const text = await readBoundedText(response, BODY_MAX);
      const { status, headers } = response;
      Object.assign(exchange, { status, headers, body: jsonOf(text), ms: now() - began });
      return new Response(BODILESS.includes(status) ? null : text, { status, headers });
    } catch (error) {
      Object.assign(exchange, { fault: faultOf(error), ms: now() - began });
      throw error;
    }
  };
  return { fetch: recorded as typeof fetch, exchanges };
}
