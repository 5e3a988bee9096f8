import { ApiError } from "@prewarm/shared/api-errors";
import type { AppError } from "@prewarm/shared/errors";
import type * as z from "zod";

/** Faults of one input that are listed. */
const FAULTS_MAX = 20;

/**
 * A schema's verdict as a refusal with a pointer to each fault. `target` is the part of the request that was read: `query` and `param` give
 * `parameter_invalid`, everything else `body_invalid`.
 */
export function invalidInput(target: string, error: z.core.$ZodError): AppError {
  const errors = error.issues
    .slice(0, FAULTS_MAX)
    .map((issue) => ({ pointer: `/${placeOf(issue).map(String).join("/")}`, message: issue.message }));
  const [first] = errors;
  if (target !== "query" && target !== "param")
    return new ApiError("body_invalid", { detail: sentence(first), errors });
  const parameter = first?.pointer.split("/")[1] ?? "";
  return new ApiError("parameter_invalid", { detail: sentence(first), parameter, errors });
}

/** Of what is not known the name, not the place where it stands. */
function placeOf(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

function sentence(error: { pointer: string; message: string } | undefined): string {
  return error === undefined ? "The request is malformed." : `${error.pointer}: ${error.message}`;
}
