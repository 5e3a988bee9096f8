import { AppError } from "@prewarm/shared/errors";
import { sniffType } from "@prewarm/shared/image-header";
import { VERSION } from "@prewarm/shared/version";
import { discard } from "../hit/variant.ts";
import { originalHeaders, SNIFF_BYTES } from "../original-headers.ts";
import type { RequestContext } from "../request-context.ts";
import { type CommonFields, commonHeaders, NO_STORE, problem } from "../respond.ts";
import { withTimeLimit } from "../time-limit.ts";
import { isOverLimit } from "./over-limit.ts";
import { placeholder } from "./placeholder.ts";

/*
 * A script, and an `<img crossorigin>`, can follow the redirect only if the originals' server sends
 * `Access-Control-Allow-Origin: *`: after a redirect the browser's origin is `null`, which no list holds. Otherwise the
 * edge passes the original on itself, so that the page works while the variant is made.
 */

/** Longest wait for the headers of an original, in ms: originals may be slow. */
const WAIT_MS = 10_000;
const MAX_HOPS = 3;

/**
 * Whether a browser lets its page read the original only if the original's server allows it. Programs outside of
 * browsers read all: some send `cors` (Node's `fetch` does), but none sends `Sec-Fetch-Site`. A HEAD gets the redirect.
 */
export function wantsCors({ method, headers }: RequestContext): boolean {
  return method === "GET" && headers.get("Sec-Fetch-Mode") === "cors" && headers.has("Sec-Fetch-Site");
}

/**
 * The original's bytes, up to `streamMaxBytes`. If they are more, or the read fails, or the network is over its limit,
 * an image gets the placeholder, and a script null. Null also if the original's server allows every page. Null means a
 * redirect.
 */
export async function streamOriginal(
  context: RequestContext,
  url: string,
  fields: CommonFields,
): Promise<Response | null> {
  const { edge, method } = context;
  const response = (await isOverLimit(context, edge.limit, "stream ")) ? null : await open(context, url);
  if (response?.headers.get("Access-Control-Allow-Origin") === "*") {
    discard(response.body);
    return null;
  }
  if (response?.status === 404 || response?.status === 410) {
    discard(response.body);
    return problem(new AppError("original_missing"), method, commonHeaders(fields, "no-store"));
  }
  const most = edge.config.limits.streamMaxBytes;
  const length = Number(response?.headers.get("Content-Length") ?? 0);
  if (response?.status !== 200 || response.body === null || length > most) {
    discard(response?.body ?? null);
    // After a redirect a service worker repeats the request as its page made it, and a script sees a failure. An image
    // does neither.
    return context.headers.get("Sec-Fetch-Dest") === "image" ? placeholder(method, fields) : null;
  }
  const { head, body } = await readHead(response.body, most);
  return new Response(body, { headers: { ...commonHeaders(fields, NO_STORE), ...originalHeaders(sniffType(head)) } });
}

async function open(context: RequestContext, url: string): Promise<Response | null> {
  const asked = await withTimeLimit(() => ask(context, url), WAIT_MS);
  return asked.ok ? asked.value : null;
}

/**
 * Follows redirects on the same origin only, so that no bytes from outside the sources are passed on. Null: it leads
 * elsewhere.
 */
async function ask({ edge, headers }: RequestContext, url: string): Promise<Response | null> {
  const asking = {
    Accept: headers.get("Accept") ?? "image/*,*/*;q=0.5",
    // The edge recognises its own reads by this, if a source leads back to it.
    Via: "1.1 prewarm",
    "User-Agent": `Prewarm/${VERSION}`,
  };
  let at = url;
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    // The platform's cache ignores Accept: it would give one viewer the answer to another one's Accept.
    const response = await edge.fetch(at, { headers: asking, redirect: "manual", cache: "no-store" });
    const location = response.headers.get("Location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    discard(response.body);
    const next = URL.parse(location, at);
    if (next === null || next.origin !== new URL(url).origin) return null;
    at = next.href;
  }
  return null;
}

/** The first bytes, which tell the type, and the whole stream, which breaks off after `most` bytes. */
async function readHead(
  bytes: ReadableStream<Uint8Array>,
  most: number,
): Promise<{ head: Uint8Array; body: ReadableStream<Uint8Array> }> {
  const [start, whole] = bytes.tee();
  const reader = start.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let left = SNIFF_BYTES; left > 0; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value.slice());
    left -= value.length;
  }
  reader.cancel().catch(() => undefined);
  let size = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      size += chunk.length;
      if (size <= most) controller.enqueue(chunk);
      else controller.error(new Error("the original is larger than the limit"));
    },
  });
  // biome-ignore lint/plugin: the first chunks of a stream
  return { head: new Uint8Array(await new Blob(chunks).arrayBuffer()), body: whole.pipeThrough(limit) };
}
