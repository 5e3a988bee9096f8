import { AppError, ERRORS, type ErrorDetails } from "./errors.ts";

/** Every refusal the system gives. The rows that no image URL is refused with stand here, because the edge's bundle has no room for them. */
export const API_ERRORS = {
  ...ERRORS,
  body_invalid: { status: 400, message: "The body is not what this call takes." },
  body_too_deep: { status: 400, message: "The body's JSON is nested too deeply." },
  body_too_large: { status: 413, message: "The body is too large." },
  media_type_unsupported: { status: 415, message: "The content type is not supported here." },
  transform_invalid: { status: 422, message: "This transform is not allowed." },
  source_unknown: { status: 422, message: "No configured source holds this image." },
  idempotency_mismatch: { status: 422, message: "This idempotency key was used with another body." },
  unauthorized: { status: 401, message: "The proof of origin is missing or not valid." },
  https_required: { status: 403, message: "This is answered over https only." },
  forbidden: { status: 403, message: "Your role does not allow this." },
  conflict: { status: 409, message: "This is already under way." },
  too_many_requests: { status: 429, message: "Too many requests. Try again later." },
  backlog_full: { status: 429, message: "Too much work is waiting. Try again later." },
  hook_limit: {
    status: 429,
    message: "This hook has ordered its jobs of today (UTC). Deletions are still taken. Send uploads again tomorrow.",
  },
  ledger_full: { status: 507, message: "The ledger is nearly full: it takes no new bulk." },
  not_configured: { status: 503, message: "This part is not configured." },
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** A refusal of the control API or of a hook. */
export class ApiError extends AppError {
  constructor(code: ApiErrorCode, details: ErrorDetails = {}) {
    super(code, details, API_ERRORS[code]);
  }
}
