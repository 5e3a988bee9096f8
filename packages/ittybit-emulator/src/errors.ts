/** An answer the API gives instead of a result. `kind` is Ittybit's snake_case word where one is documented. */
export class ApiError extends Error {
  readonly status: number;
  readonly kind: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, kind: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.kind = kind;
    this.headers = headers;
  }
}

export function invalidRequest(message: string): ApiError {
  return new ApiError(400, "request_invalid", message);
}

/** Why a job ends as `failed`. The service shows no shape for a job's `error`: `{kind, message}` is the emulator's guess. */
export class JobFailure extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.name = "JobFailure";
    this.kind = kind;
  }
}
