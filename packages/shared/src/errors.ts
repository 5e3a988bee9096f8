/** What an image URL is refused with: the code is the API, the text is public, the status is HTTP's. `api-errors.ts` has the control API's. */
export const ERRORS = {
  id_invalid: { status: 400, message: "The image id is malformed." },
  parameter_unknown: { status: 400, message: "This parameter is not known." },
  parameter_repeated: { status: 400, message: "This parameter is given more than once." },
  parameter_invalid: { status: 400, message: "This parameter's value is not allowed." },
  parameter_conflict: { status: 400, message: "These parameters do not go together." },
  preset_unknown: { status: 400, message: "No preset has this name." },
  signature_required: { status: 403, message: "This URL needs a signature." },
  signature_invalid: { status: 403, message: "This URL's signature is not valid." },
  not_found: { status: 404, message: "Not found." },
  original_missing: { status: 404, message: "The original does not exist." },
  removed: { status: 410, message: "This image was removed." },
  method_not_allowed: { status: 405, message: "This method is not allowed here." },
  range_not_satisfiable: { status: 416, message: "The range lies outside the image." },
  unavailable: { status: 503, message: "This is not available right now. Try again." },
  internal: { status: 500, message: "Something went wrong on our side." },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A row of a table of errors. */
interface ErrorRow {
  status: number;
  message: string;
}

/** Extra members of a problem document, such as the parameter, what is allowed and the nearest right spelling. */
export type ErrorDetails = Record<string, unknown>;

/** A refusal with its row of a table. Throw it anywhere; only the outermost layer turns it into a response. */
export class AppError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;
  readonly status: number;
  readonly title: string;

  constructor(code: ErrorCode, details?: ErrorDetails);
  constructor(code: string, details: ErrorDetails, row: ErrorRow);
  constructor(code: string, details: ErrorDetails = {}, { status, message }: ErrorRow = ERRORS[code as ErrorCode]) {
    super(typeof details.detail === "string" ? details.detail : message);
    this.name = "AppError";
    this.code = code;
    this.details = details;
    this.status = status;
    this.title = message;
  }
}

/**
 * An RFC 9457 problem document. `details` never carries secrets or internals: it is sent as it is. `more`: members that the
 * answering Worker adds, such as the page of the code in place of `about:blank`.
 */
export function problemBody(
  { title, status, code, details }: AppError,
  more: { type?: string; requestId?: string } = {},
): string {
  return JSON.stringify({ type: "about:blank", title, status, code, ...details, ...more });
}
