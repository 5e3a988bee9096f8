import { API_ERRORS, ApiError } from "@prewarm/shared/api-errors";
import { AppError, problemBody } from "@prewarm/shared/errors";
import { errorText, type Log } from "@prewarm/shared/log";
import { HTTPException } from "hono/http-exception";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";

/** Where `type` of a problem leads: the page of all codes, each with its anchor. */
export const PROBLEMS_PATH = "/api/v1/problems";

/**
 * The refusal of a request as a response. `retryAfterSeconds` among the details becomes the header and stays in the body.
 * `url`: of the request.
 */
export function problemResponse(error: AppError, { url, requestId }: { url: string; requestId: string }): Response {
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  const seconds = error.details.retryAfterSeconds;
  if (typeof seconds === "number") headers.set("Retry-After", String(Math.ceil(seconds)));
  if (error.code === "unauthorized") headers.set("WWW-Authenticate", "Bearer");
  const type = new URL(`${PROBLEMS_PATH}#${error.code}`, url).href;
  return new Response(problemBody(error, { type, requestId }), { status: error.status, headers });
}

/** Turns anything thrown into a refusal of the error table. An unexpected error is logged, and its text is not sent to the caller. */
export function toAppError(error: unknown, log: Log): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) return fromHttp(error);
  if (error instanceof LedgerUnavailable) {
    log("ledger.unreachable", { error: errorText(error) });
    return new ApiError("unavailable", { detail: "The ledger is not reachable. Try again.", retryAfterSeconds: 5 });
  }
  log("api.error", { error: errorText(error) });
  return new ApiError("internal");
}

/** Of a cursor that this list has not written. */
export function noCursor(): ApiError {
  const detail = "This is no cursor of this list: take `nextCursor` of the page before.";
  return new ApiError("parameter_invalid", { detail, parameter: "cursor" });
}

/** The page: what each code means. */
export function problemsPage(): string {
  const rows = Object.entries(API_ERRORS).map(([code, { status, message }]) => {
    return `<h2 id="${code}"><code>${code}</code></h2><p>${status}. ${message}</p>`;
  });
  const more = "The problem's <code>detail</code> says what is wrong with the request.";
  const title = "Problems of the Prewarm control API";
  return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><p>${more}</p>${rows.join("")}</html>`;
}

function fromHttp(error: HTTPException): AppError {
  if (error.status === 415) return new ApiError("media_type_unsupported");
  return new ApiError("body_invalid", { detail: error.status === 400 ? "The body is not valid JSON." : error.message });
}
