import { API_ERRORS, type ApiErrorCode } from "@prewarm/shared/api-errors";
import { FORMATS } from "@prewarm/shared/config";
import { JOB_STATES, LANES } from "@prewarm/shared/job";
import * as z from "zod";

/* What the schemas of several resources share. `id` is a schema's name in docs/openapi.json. */

export const JobState = z.enum(JOB_STATES).meta({ id: "JobState" });
export type JobState = z.infer<typeof JobState>;

export const Lane = z.enum(LANES).meta({ id: "Lane" });
export type Lane = z.infer<typeof Lane>;

export const Format = z.enum(FORMATS).meta({ id: "Format" });

/** A job's public name. */
export const jobName = z
  .string()
  .regex(/^[0-9a-z]{11}$/)
  .meta({ example: "0k3v9xw2m1a" });

/** A moment: Unix milliseconds. */
export const time = z.number().int().meta({ description: "Unix milliseconds" });
export const count = z.number().int().min(0);
export const milliseconds = z.number().min(0).meta({ description: "milliseconds" });
export const bytes = z.number().int().min(0).meta({ description: "bytes" });

/** The same schema with another description. `meta` alone drops its name, and the document repeats the whole schema. */
export function described<T extends z.ZodType>(schema: T, description: string): T {
  return schema.meta({ ...schema.meta(), description });
}

/** One for each lane. */
export function byLane<T extends z.ZodType>(one: T) {
  return z.object({ live: one, upload: one, bulk: one });
}

export const CodeVersion = z
  .object({ id: z.string(), tag: z.string().meta({ description: "What `wrangler deploy --tag` said" }) })
  .meta({ id: "CodeVersion" });
/** A deployed version, as the platform names it and as its deployer did. */
export type CodeVersion = z.infer<typeof CodeVersion>;

export const CountsByState = z
  .object({
    queued: count,
    processing: count,
    retrying: count,
    stored: count,
    dead: count,
    refused: count,
    cancelled: count,
  })
  .meta({ id: "CountsByState" });
export type CountsByState = z.infer<typeof CountsByState>;

export const Percentiles = z
  .object({ p50: milliseconds.nullable(), p95: milliseconds.nullable(), p99: milliseconds.nullable() })
  .meta({
    id: "Percentiles",
    description: "Estimates from fixed buckets, in milliseconds; null when nothing was measured",
  });
export type Percentiles = z.infer<typeof Percentiles>;

const laneTimes = z.object({ stored: count, ready: Percentiles }).meta({
  id: "LaneTimes",
  description: "What was stored of a lane, and how long it took from order to stored",
});
export const laneTimesByLane = byLane(laneTimes);
export type LaneTimes = z.infer<typeof laneTimesByLane>;

const errorCodes = Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]];

/** RFC 9457; every refusal of every call has this shape. */
export const Problem = z
  .looseObject({
    type: z.string().meta({ description: "The address of a page that says what the code means" }),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(errorCodes),
    detail: z.string().optional(),
    requestId: z.string().meta({ description: "Also in each log line of the request" }),
  })
  .meta({ id: "Problem" });

export const limit = z.coerce
  .number<number>()
  .int()
  .min(1)
  .max(1000)
  .default(50)
  .meta({ description: "Rows in one page" });

/** A bound of a time in a query. */
export const moment = z.coerce.number<number>().int().min(0).optional();

/** A list's cursor. The handler refuses what the list has not written. */
export const cursor = z.string().max(2048).optional().meta({ description: "`nextCursor` of the page before; opaque" });

/** The cursor of a list that writes it in this form. Another text is refused. */
export function cursorOf(form: RegExp) {
  return cursor.unwrap().regex(form, "is no cursor of this list: take `nextCursor` of the page before").optional();
}

/** What a cursor begins with that is the last name of the page before. */
export const AFTER = "after:";

/** The number below which a page begins, or of the rows that the pages before had. */
export const numberCursor = cursorOf(/^\d{1,15}$/);
export const pageQuery = z.object({ limit, cursor: numberCursor });
export const nextCursor = z.string().nullable().meta({ description: "null: this is the last page" });

/** A query parameter that may stand once or repeat, as a list without doubles. */
export function listOf<T extends string>(values: readonly [T, ...T[]]) {
  const one = z.enum(values);
  return z
    .union([one, z.array(one).max(20)])
    .optional()
    .transform((value): T[] => (value === undefined ? [] : [...new Set([value].flat() as T[])]))
    .meta({ type: "array", items: { type: "string", enum: [...values] }, description: "May repeat: any of them" });
}

/** A yes-or-no query parameter: absent, `0` and `false` are no. */
export const flag = z
  .enum(["0", "1", "true", "false", ""])
  .optional()
  .transform((value) => value === "1" || value === "true" || value === "")
  .meta({ type: "string", enum: ["0", "1", "true", "false"] });
