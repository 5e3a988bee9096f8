import type { Failure, FailureClass } from "@prewarm/shared/job";
import { errorText } from "@prewarm/shared/log";
import { readAtMost } from "@prewarm/shared/read-at-most";
import { VERSION } from "@prewarm/shared/version";

/** The start of an original: how much of it was read is in `bytes`, how long it is in `total` when known. */
export type Start =
  | { kind: "bytes"; bytes: Uint8Array; total: number | null; etag: string | null }
  | { kind: "missing" }
  | { kind: "failed"; class: FailureClass; failure: Failure };

const TIMEOUT_MS = 10_000;
const MAX_HOPS = 3;

function unreachable(message: string, httpStatus?: number): Extract<Start, { kind: "failed" }> {
  const failure = { code: "original_unreachable", message, ...(httpStatus === undefined ? {} : { httpStatus }) };
  return { kind: "failed", class: "transient", failure };
}

/** `bytes 0-65535/1234567` → 1234567; null when the server does not say. */
function totalOf(response: Response): number | null {
  const header = response.status === 206 ? response.headers.get("content-range") : null;
  const text = header === null ? response.headers.get("content-length") : header.split("/")[1];
  return text !== undefined && text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** An etag fit to be kept as metadata: short and printable. */
function etagOf(text: string | null): string | null {
  return text !== null && /^[\x20-\x7e]{1,200}$/.test(text) ? text : null;
}

/** Why an answer has no bytes of an original; null: it has. */
async function refusalOf(response: Response): Promise<Start | null> {
  const { status } = response;
  if (status === 200 || status === 206) return null;
  await response.body?.cancel();
  if (status === 404 || status === 410) return { kind: "missing" };
  // An empty file has no first byte to give.
  if (status === 416) return { kind: "bytes", bytes: new Uint8Array(0), total: 0, etag: null };
  return unreachable(`the origin answered HTTP ${status}`, status);
}

/**
 * Asks for an original, whole (`length` null) or its first `length` bytes. Follows redirects on the same origin only: nothing outside the
 * sources is fetched. `signalOf` is asked before each hop. Throws what the fetch throws.
 */
async function ask(
  url: string,
  length: number | null,
  fetcher: typeof fetch,
  signalOf: () => AbortSignal,
): Promise<Response | Start> {
  const headers = {
    ...(length === null ? {} : { range: `bytes=0-${length - 1}` }),
    accept: "image/*,*/*;q=0.5",
    "accept-encoding": "identity",
    via: "1.1 prewarm",
    "user-agent": `Prewarm/${VERSION}`,
  };
  let target = url;
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    const response = await fetcher(target, { headers, redirect: "manual", cache: "no-store", signal: signalOf() });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null)
      return (await refusalOf(response)) ?? response;
    await response.body?.cancel();
    const next = new URL(location, target);
    if (next.origin !== new URL(url).origin) {
      const failure = {
        code: "original_redirected",
        message: `the origin redirects to ${next.host}, which is no source`,
      };
      return { kind: "failed", class: "permanent", failure };
    }
    target = next.href;
  }
  return unreachable("the origin redirects in circles");
}

/** Reads the first `length` bytes. */
export async function readFromUrl(url: string, length: number, fetcher: typeof fetch): Promise<Start> {
  try {
    const response = await ask(url, length, fetcher, () => AbortSignal.timeout(TIMEOUT_MS));
    if ("kind" in response) return response;
    // A server that ignores ranges answers 200 with everything: the rest is cancelled.
    const bytes = await readAtMost(response.body, length);
    const total = totalOf(response);
    const wholeBody = response.status === 200 && bytes.byteLength < length ? bytes.byteLength : null;
    return { kind: "bytes", bytes, total: total ?? wholeBody, etag: etagOf(response.headers.get("etag")) };
  } catch (error) {
    return unreachable(errorText(error));
  }
}

/** A whole original that is being read. `total`: its bytes; null when its server does not say, or sends it compressed. */
export interface Opened {
  kind: "opened";
  body: ReadableStream<Uint8Array> | null;
  total: number | null;
  etag: string | null;
}

/** Begins to read a whole original. */
export async function openUrl(
  url: string,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Opened | Exclude<Start, { kind: "bytes" }>> {
  try {
    const response = await ask(url, null, fetcher, () => signal);
    if ("kind" in response && response.kind !== "bytes") return response;
    // No range was asked for.
    if ("kind" in response || response.status !== 200) return unreachable("the origin answered with a part");
    const { body, headers } = response;
    const isPlain = /^(identity)?$/.test(headers.get("content-encoding") ?? "");
    return { kind: "opened", body, total: isPlain ? totalOf(response) : null, etag: etagOf(headers.get("etag")) };
  } catch (error) {
    return unreachable(errorText(error));
  }
}

export async function readFromBucket(bucket: Pick<R2Bucket, "get">, key: string, length: number): Promise<Start> {
  try {
    // No range: R2 refuses one of an empty object. What is not read is cancelled, and costs nothing.
    const object = await bucket.get(key);
    if (object === null) return { kind: "missing" };
    const bytes = await readAtMost(object.body, length);
    return { kind: "bytes", bytes, total: object.size, etag: etagOf(object.httpEtag) };
  } catch (error) {
    return unreachable(errorText(error));
  }
}
