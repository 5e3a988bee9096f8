import { type AppError, problemBody } from "@prewarm/shared/errors";

/** On every answer, errors included: without CORS headers browsers hide the status from scripts, and no bytes may run as a page. */
export const BASE_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "*",
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Timing-Allow-Origin": "*",
  "X-Content-Type-Options": "nosniff",
};

export const METHODS = "GET, HEAD, OPTIONS";

/** For answers that hold for this request only. */
export const NO_STORE = "private, no-store";

/** What every answer to an image request tells beside its own headers. */
export interface CommonFields {
  cacheStatus: string;
  timing: string;
  negotiated: boolean;
}

/** The headers that every answer to an image request has. */
export function commonHeaders(
  { cacheStatus, timing, negotiated }: CommonFields,
  cacheControl: string,
): Record<string, string> {
  const headers: Record<string, string> = {
    ...BASE_HEADERS,
    "Cache-Control": cacheControl,
    "Cache-Status": cacheStatus,
  };
  if (timing) headers["Server-Timing"] = timing;
  if (negotiated) headers.Vary = "Accept";
  return headers;
}

/** `seconds`, or what is left until `expiresAt` if that is less; never below 0. `expiresAt` and `nowSeconds` in Unix seconds. */
export function trimToExpiry(seconds: number, expiresAt: number | null, nowSeconds: number): number {
  return expiresAt === null ? seconds : Math.max(0, Math.min(seconds, expiresAt - nowSeconds));
}

/** 302, never 301 or 308: the next request for this URL must come back here, for it may find the variant. */
export function redirect(location: string, headers: Record<string, string>): Response {
  return new Response(null, { status: 302, headers: { ...headers, Location: location } });
}

/** A refusal as problem+json (RFC 9457); without its body for HEAD. */
export function problem(error: AppError, method: string, extra: Record<string, string> = {}): Response {
  const headers = {
    ...BASE_HEADERS,
    "Cache-Control": "no-store",
    "Content-Type": "application/problem+json",
    ...extra,
  };
  return new Response(method === "HEAD" ? null : problemBody(error), { status: error.status, headers });
}

/** Answers OPTIONS, a CORS preflight or not. */
export function preflight(): Response {
  const headers = {
    ...BASE_HEADERS,
    Allow: METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "no-store",
  };
  return new Response(null, { status: 204, headers });
}
