import { Problem } from "@prewarm/control-schema/words";
import type * as z from "zod";

/* What the document says of bodies and answers, beside their schemas. */

const problemContent = { "application/problem+json": { schema: Problem } };

/** The refusals every call of the control API may give. */
export const refusals = {
  400: { description: "Malformed request", content: problemContent },
  401: { description: "No valid token or session", content: problemContent },
  403: { description: "The role does not allow this, or a browser wrote from elsewhere", content: problemContent },
  503: { description: "Not configured, or the ledger is unreachable", content: problemContent },
} as const;

/** One more refusal of a call. */
export function refusal(description: string) {
  return { description, content: problemContent };
}

/** A JSON answer. */
export function answer<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}
