/** Every refusal the system gives: the code is the API, the text is public, the status is HTTP's. */
export const ERRORS = {
  id_invalid: { status: 400, message: "The image id is malformed." },
  parameter_unknown: { status: 400, message: "This parameter is not known." },
  parameter_repeated: { status: 400, message: "This parameter is given more than once." },
  parameter_invalid: { status: 400, message: "This parameter's value is not allowed." },
  parameter_conflict: { status: 400, message: "These parameters do not go together." },
  preset_unknown: { status: 400, message: "No preset has this name." },
  signature_required: { status: 403, message: "This URL needs a signature." },
  signature_invalid: { status: 403, message: "This URL's signature is not valid." },
  not_found: { status: 404, message: "There is nothing here." },
  original_missing: { status: 404, message: "The original does not exist." },
  method_not_allowed: { status: 405, message: "This method is not allowed here." },
  range_not_satisfiable: { status: 416, message: "The range lies outside the image." },
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
  ledger_full: { status: 507, message: "The ledger is nearly full: it takes no new bulk." },
  not_configured: { status: 503, message: "This part is not configured." },
  unavailable: { status: 503, message: "This is not available right now. Try again." },
  internal: { status: 500, message: "Something went wrong on our side." },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Extra members of a problem document, such as the parameter, what is allowed and the nearest right spelling. */
export type ErrorDetails = Record<string, unknown>;

/** A refusal with its place in the table. Throw it anywhere; only the outermost layer turns it into a response. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(typeof details.detail === "string" ? details.detail : ERRORS[code].message);
    this.name = "AppError";
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** An RFC 9457 problem document. `details` never carries secrets or internals: it is sent as it is. */
export function problemBody(error: AppError): string {
  const { status, message } = ERRORS[error.code];
  return JSON.stringify({ type: "about:blank", title: message, status, code: error.code, ...error.details });
}
