import { AppError } from "@prewarm/shared/errors";
import { type Dressing, dressed, problem } from "../respond.ts";
import { type Decision, decide } from "./conditional.ts";
import { sliceStream } from "./slice-stream.ts";
import type { Variant } from "./variant.ts";

export interface AnswerOptions extends Dressing {
  method: "GET" | "HEAD";
  /** The request's, with its conditions and range. */
  requestHeaders: Headers;
  cacheControl: string;
  /** The URL of what is served when it is not what was asked. */
  contentLocation?: string;
}

/** Answers with a variant's bytes, a part of them, or the word that the client has them: the same from cache and R2. */
export function answerVariant(variant: Variant, options: AnswerOptions): Response {
  const { method, requestHeaders } = options;
  const headers = dressed(options, options.cacheControl);
  headers.ETag = variant.etag;
  headers["Last-Modified"] = variant.lastModified;
  headers["Accept-Ranges"] = "bytes";
  if (options.contentLocation !== undefined) headers["Content-Location"] = options.contentLocation;
  const decision = decide(requestHeaders, method, variant);
  return build(variant, decision, method, headers);
}

function build(variant: Variant, decision: Decision, method: string, headers: Record<string, string>): Response {
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

/** The refusal is about the range: neither the variant's tag nor its long life belong to it. */
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
