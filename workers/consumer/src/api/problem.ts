import { ApiError } from "@prewarm/shared/api-errors";
import { AppError, problemBody } from "@prewarm/shared/errors";
import { errorText, type Log } from "@prewarm/shared/log";
import { HTTPException } from "hono/http-exception";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";

/** A refusal as a response. `retryAfterSeconds` among the details becomes the header and stays in the body. */
export function problemResponse(error: AppError): Response {
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  const seconds = error.details.retryAfterSeconds;
  if (typeof seconds === "number") headers.set("Retry-After", String(Math.ceil(seconds)));
  if (error.code === "unauthorized") headers.set("WWW-Authenticate", "Bearer");
  return new Response(problemBody(error), { status: error.status, headers });
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

function fromHttp(error: HTTPException): AppError {
  if (error.status === 415) return new ApiError("media_type_unsupported");
  return new ApiError("body_invalid", { detail: error.status === 400 ? "The body is not valid JSON." : error.message });
}
