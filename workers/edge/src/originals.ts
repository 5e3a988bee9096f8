import { isRemoved } from "@prewarm/shared/changes";
import { AppError } from "@prewarm/shared/errors";
import { sniffType } from "@prewarm/shared/image-header";
import type { ImageType } from "@prewarm/shared/image-header-type";
import { parseId } from "@prewarm/shared/image-id";
import { readExp, STAGED_PATH, verifyOriginal } from "@prewarm/shared/signature";
import { resolveOriginal } from "@prewarm/shared/source";
import { STAGED_PATTERN } from "@prewarm/shared/staged-name";
import { stagedPrefix } from "@prewarm/shared/variant-key";
import type { ObjectStore, StoredObject } from "./bindings.ts";
import { type Decision, decide } from "./hit/conditional.ts";
import { originalHeaders, SNIFF_BYTES } from "./original-headers.ts";
import { signatureRequired } from "./request/check-signature.ts";
import type { Background, Edge } from "./request-context.ts";
import { problem, trimToExpiry } from "./respond.ts";
import { withTimeLimit } from "./time-limit.ts";

export const ORIGINALS_PATH = "/originals/";

/** Longest wait for R2, in ms. Viewers and the engine wait for originals longer than for variants. */
const WAIT_MS = 10_000;

/** A request for an original under its signed URL. */
interface Asked {
  request: Request;
  url: URL;
  edge: Edge;
  background: Background;
}

/**
 * Serves a bucket's original under a signed URL. Throws `not_found` for other sources, `signature_required`, `removed`,
 * `original_missing` and `unavailable`.
 */
export async function serveOriginal(request: Request, url: URL, edge: Edge, background: Background): Promise<Response> {
  const id = parseId(url.pathname.slice(ORIGINALS_PATH.length));
  const original = resolveOriginal(edge.config, id);
  const bucket = original?.kind === "bucket" ? edge.originals(original.bucket) : null;
  if (original?.kind !== "bucket" || bucket === null) throw new AppError("not_found");
  const asked = { request, url, edge, background };
  await admit(asked, id);
  return answer(asked, await find(bucket, original.key));
}

/**
 * Serves the staged bytes that jobs are made from, under the signed URL of their name. Reads no other object. Throws
 * `not_found` for other paths, `signature_required`, `removed`, `original_missing` and `unavailable`.
 */
export async function serveStaged(request: Request, url: URL, edge: Edge, background: Background): Promise<Response> {
  const [, name, , , path] = STAGED_PATTERN.exec(url.pathname.slice(STAGED_PATH.length)) ?? [];
  if (path === undefined) throw new AppError("not_found");
  const id = parseId(path);
  const asked = { request, url, edge, background };
  await admit(asked, id);
  const found = await find(edge.images, stagedPrefix(id) + name);
  // The object is a note that the original could not be staged.
  if (found.type === null) throw new AppError("original_missing");
  return answer(asked, found);
}

/**
 * Throws `signature_required` unless the signature is right and has not ended, and `removed` if the image is removed.
 */
async function admit({ url, edge, background }: Asked, id: string): Promise<void> {
  const verdict = await verifyOriginal(url.pathname, url.searchParams, edge.keys, edge.config, nowOf(edge));
  if (verdict !== "ok") throw signatureRequired();
  const changes = await edge.changes.read({ origin: url.origin, background, waitMs: WAIT_MS });
  if (isRemoved(changes, id)) throw new AppError("removed");
}

/** Unix seconds. */
function nowOf({ clock }: Edge): number {
  return Math.floor(clock.now() / 1000);
}

interface Found {
  bucket: ObjectStore;
  key: string;
  head: StoredObject;
  type: ImageType | "html" | null;
}

/** Reads an original's first bytes, which tell its type. */
async function find(bucket: ObjectStore, key: string): Promise<Found> {
  const head = await read(bucket, key, { offset: 0, length: SNIFF_BYTES });
  // biome-ignore lint/plugin: a range of `SNIFF_BYTES`
  return { bucket, key, head, type: sniffType(new Uint8Array(await head.arrayBuffer())) };
}

function answer({ request, url, edge }: Asked, { bucket, key, head, type }: Found): Promise<Response> {
  const exp = readExp(url.searchParams);
  const life = trimToExpiry(Number.MAX_SAFE_INTEGER, exp === "bad" ? null : exp, nowOf(edge));
  const facts = { etag: head.httpEtag, lastModified: head.uploaded.toUTCString(), size: head.size };
  const headers = {
    ...originalHeaders(type),
    "Cache-Control": `private, max-age=${life}`,
    "Accept-Ranges": "bytes",
    ETag: facts.etag,
    "Last-Modified": facts.lastModified,
  };
  const sending = { bucket, key, size: head.size, method: request.method, headers };
  return send(sending, decide(request.headers, request.method, facts));
}

interface Sending {
  bucket: ObjectStore;
  key: string;
  size: number;
  method: string;
  headers: Record<string, string>;
}

async function send({ bucket, key, size, method, headers }: Sending, decision: Decision): Promise<Response> {
  if (decision.kind === "not-modified") return new Response(null, { status: 304, headers });
  if (decision.kind === "unsatisfiable") {
    return problem(new AppError("range_not_satisfiable", { size }), method, { "Content-Range": `bytes */${size}` });
  }
  if (method === "HEAD") return new Response(null, { headers: { ...headers, "Content-Length": String(size) } });
  if (decision.kind === "part") {
    const { start, end } = decision;
    const part = await read(bucket, key, { offset: start, length: end - start + 1 });
    return new Response(part.body, {
      status: 206,
      headers: { ...headers, "Content-Range": `bytes ${start}-${end}/${size}` },
    });
  }
  const whole = await read(bucket, key);
  // The object may have been replaced since the first read. The tag is that of the bytes that are sent; the type stays
  // the safe one.
  return new Response(whole.body, { headers: { ...headers, ETag: whole.httpEtag } });
}

async function read(
  bucket: ObjectStore,
  key: string,
  range?: { offset: number; length: number },
): Promise<StoredObject> {
  const result = await withTimeLimit(
    () => (range === undefined ? bucket.get(key) : bucket.get(key, { range })),
    WAIT_MS,
  );
  if (!result.ok) throw new AppError("unavailable");
  if (result.value === null) throw new AppError("original_missing");
  return result.value;
}
