import type { Format } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { COPY_SECONDS, OLD_COPY_SECONDS } from "@prewarm/shared/limits";
import { typeOfVariant } from "@prewarm/shared/mime";
import { genOf, originalBytesOf } from "@prewarm/shared/variant-metadata";
import type { StoredObject } from "../bindings.ts";
import type { ShownVariant } from "../request-context.ts";
import { type CommonFields, commonHeaders, problem } from "../respond.ts";
import { type Decision, decide, type Facts } from "./conditional.ts";
import { sliceStream } from "./slice-stream.ts";

/** A variant's bytes and their facts, from the cache or from R2. */
export interface ReadyVariant extends Facts, ShownVariant {
  contentType: string;
  /** The generation that made it; 0: Prewarm did not put it. */
  gen: number;
  /** It is older than a change of its image, and is served until the newer one is stored. */
  isOld: boolean;
  body: ReadableStream<Uint8Array> | null;
}

export function fromStore(object: StoredObject, format: Format, isOld: boolean): ReadyVariant {
  return {
    etag: object.httpEtag,
    lastModified: object.uploaded.toUTCString(),
    size: object.size,
    format,
    contentType: typeOfVariant(format, object.httpMetadata?.contentType),
    originalBytes: originalBytesOf(object.customMetadata),
    gen: genOf(object.customMetadata),
    isOld,
    body: object.body,
  };
}

/** The copy for the cache: the whole body and the facts. Headers for clients are added to each answer. */
export function toCacheCopy(variant: ReadyVariant, body: ReadableStream<Uint8Array>): Response {
  return new Response(body, {
    headers: {
      "Cache-Control": variant.isOld ? OLD_COPY : `max-age=${COPY_SECONDS}`,
      "Content-Type": variant.contentType,
      ETag: variant.etag,
      "Last-Modified": variant.lastModified,
      [GEN]: String(variant.gen),
      ...(variant.originalBytes === null ? {} : { [ORIGINAL_BYTES]: String(variant.originalBytes) }),
    },
  });
}

/** The life of a copy of an old variant. It marks the copy as old. */
const OLD_COPY = `max-age=${OLD_COPY_SECONDS}`;
/* In the cache's copy only. */
const ORIGINAL_BYTES = "Prewarm-Original-Bytes";
const GEN = "Prewarm-Gen";

/**
 * Null: it is no copy of ours in one of these formats, which is a miss. Sizes are read only if a request needs them.
 */
export function fromCacheCopy(response: Response, formats: readonly Format[]): ReadyVariant | null {
  const { headers } = response;
  const etag = headers.get("ETag");
  const contentType = headers.get("Content-Type");
  const format = formats.find((each) => typeOfVariant(each, contentType) === contentType);
  if (response.status !== 200 || etag === null || contentType === null || format === undefined) return null;
  return {
    etag,
    lastModified: headers.get("Last-Modified") ?? "",
    get size() {
      return numberOf(headers.get("Content-Length"));
    },
    get originalBytes() {
      return numberOf(headers.get(ORIGINAL_BYTES));
    },
    gen: Number(headers.get(GEN)),
    isOld: headers.get("Cache-Control") === OLD_COPY,
    format,
    contentType,
    body: response.body,
  };
}

function numberOf(header: string | null): number | null {
  return header === null ? null : Number(header);
}

interface AnswerOptions extends CommonFields {
  /** `GET` or `HEAD`. */
  method: string;
  /** The headers of the request, with its conditions and range. */
  requestHeaders: Headers;
  cacheControl: string;
}

/** Answers with a variant's bytes, with a part of them, or with 304; alike from cache and R2. */
export function answerVariant(variant: ReadyVariant, options: AnswerOptions): Response {
  const { method, requestHeaders } = options;
  const headers = commonHeaders(options, options.cacheControl);
  headers.ETag = variant.etag;
  headers["Last-Modified"] = variant.lastModified;
  headers["Accept-Ranges"] = "bytes";
  const decision = decide(requestHeaders, method, variant);
  return build(variant, decision, method, headers);
}

function build(variant: ReadyVariant, decision: Decision, method: string, headers: Record<string, string>): Response {
  const { body } = variant;
  if (decision.kind === "whole" && method === "GET") {
    headers["Content-Type"] = variant.contentType;
    return new Response(body, { headers });
  }
  const { size } = variant;
  if (decision.kind === "part" && body !== null) {
    headers["Content-Type"] = variant.contentType;
    headers["Content-Range"] = `bytes ${decision.start}-${decision.end}/${size}`;
    return new Response(sliceStream(body, decision.start, decision.end - decision.start + 1), { status: 206, headers });
  }
  discard(body);
  if (decision.kind === "not-modified") return new Response(null, { status: 304, headers });
  if (decision.kind === "unsatisfiable") {
    return problem(new AppError("range_not_satisfiable", { size }), method, { ...headers, ...unsatisfiable(size) });
  }
  headers["Content-Type"] = variant.contentType;
  if (size !== null) headers["Content-Length"] = String(size);
  return new Response(null, { headers });
}

/** The refusal concerns the range, so it has neither the variant's tag nor its long life. */
function unsatisfiable(size: number | null): Record<string, string> {
  return {
    "Content-Range": `bytes */${size}`,
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
  };
}

/** An unread body would hold its connection open. */
export function discard(body: ReadableStream<Uint8Array> | null): void {
  body?.cancel().catch(() => undefined);
}
