import { z } from "@hono/zod-openapi";
import { FORMATS } from "@prewarm/shared/config";
import { ERRORS, type ErrorCode } from "@prewarm/shared/errors";
import { JOB_STATES, LANES } from "@prewarm/shared/job";

export const jobState = z.enum(JOB_STATES).openapi("JobState");
/** A job's public name. */
export const jobName = z
  .string()
  .regex(/^[0-9a-z]{11}$/)
  .openapi({ example: "0k3v9xw2m1a" });
export const lane = z.enum(LANES).openapi("Lane");
export const format = z.enum(FORMATS).openapi("Format");

/** A moment: Unix milliseconds. */
export const time = z.number().int().openapi({ description: "Unix milliseconds" });
export const count = z.number().int().min(0);
export const milliseconds = z.number().min(0).openapi({ description: "milliseconds" });
export const bytes = z.number().int().min(0).openapi({ description: "bytes" });

export const codeVersion = z
  .object({ id: z.string(), tag: z.string().openapi({ description: "What `wrangler deploy --tag` said" }) })
  .openapi("CodeVersion");

export const byState = z
  .object({
    queued: count,
    processing: count,
    retrying: count,
    stored: count,
    dead: count,
    refused: count,
    cancelled: count,
  })
  .openapi("CountsByState");

export const percentiles = z
  .object({ p50: milliseconds.nullable(), p95: milliseconds.nullable(), p99: milliseconds.nullable() })
  .openapi("Percentiles", {
    description: "Estimates from fixed buckets, in milliseconds; null when nothing was measured",
  });

const laneTimes = z.object({ stored: count, ready: percentiles }).openapi("LaneTimes", {
  description: "What was stored of a lane, and how long it took from order to stored",
});
export const laneTimesByLane = z.object({ live: laneTimes, upload: laneTimes, bulk: laneTimes });

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457; every refusal of every call has this shape. */
export const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(errorCodes),
    detail: z.string().optional(),
  })
  .openapi("Problem");

export const limit = z.coerce.number().int().min(1).max(1000).default(50).openapi({ description: "Rows in one page" });
export const cursor = z
  .string()
  .max(512)
  .optional()
  .openapi({ description: "`nextCursor` of the page before; opaque" });
export const nextCursor = z.string().nullable().openapi({ description: "null: this is the last page" });

/** A query parameter that may stand once or repeat, as a list without doubles. */
export function listOf<T extends string>(values: readonly [T, ...T[]]) {
  const one = z.enum(values);
  return z
    .union([one, z.array(one).max(20)])
    .optional()
    .transform((value): T[] => (value === undefined ? [] : [...new Set([value].flat() as T[])]))
    .openapi({ type: "array", items: { type: "string", enum: [...values] }, description: "May repeat: any of them" });
}

/** A yes-or-no query parameter: absent, `0` and `false` are no. */
export const flag = z
  .enum(["0", "1", "true", "false", ""])
  .optional()
  .transform((value) => value === "1" || value === "true" || value === "")
  .openapi({ type: "string", enum: ["0", "1", "true", "false"] });

const problemContent = { "application/problem+json": { schema: problem } };

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
