import * as z from "zod";

const ms = z.number().nonnegative();

/** Answers in place of a result, or none at all. */
const requestFault = z.discriminatedUnion("type", [
  /** 429, with `Retry-After` in seconds (default 1), as an HTTP date, or without it. */
  z.strictObject({
    type: z.literal("throttled"),
    retryAfter: z.enum(["seconds", "date", "none"]).default("seconds"),
    seconds: ms.default(1),
  }),
  /** An error body with this status: 400, 401, 402, 403, 404, 408, 500, … `acted`: the request is acted on first. */
  z.strictObject({
    type: z.literal("status"),
    status: z.number().int().min(400).max(599),
    acted: z.boolean().default(false),
    kind: z.string().optional(),
    message: z.string().optional(),
  }),
  /** An HTML page, as an edge in front of the API sends it. Default 502. */
  z.strictObject({ type: z.literal("html"), status: z.number().int().min(400).max(599).default(502) }),
  /** 2xx as asked for, but the body is no JSON. */
  z.strictObject({ type: z.literal("malformed") }),
  /** No answer until the client gives up. */
  z.strictObject({ type: z.literal("hang") }),
  /** The connection is closed before the request is acted on. */
  z.strictObject({ type: z.literal("reset") }),
  /** The request is acted on, then the connection is closed without an answer. */
  z.strictObject({ type: z.literal("lost") }),
  /** The right answer, late: the request is acted on after `ms`. */
  z.strictObject({ type: z.literal("delay"), ms }),
  /** The request is acted on at once and answered after `ms`, so that a short job's webhook overtakes the answer. */
  z.strictObject({ type: z.literal("late"), ms }),
  /** A page of the list in another order, without 30 % of its jobs and with a tenth of the others twice. */
  z.strictObject({ type: z.literal("shuffled") }),
]);

/** Changes how a job runs or ends; chosen when the job is made. */
const jobFault = z.discriminatedUnion("type", [
  /** `processing` for ever. */
  z.strictObject({ type: z.literal("stuck") }),
  /** Takes `ms` longer. */
  z.strictObject({ type: z.literal("slow"), ms }),
  /** Ends `failed`; `error` is shown as it is given: an object, a string or null. */
  z.strictObject({
    type: z.literal("failed"),
    error: z.unknown().default({ kind: "encode_failed", message: "the encoder gave up" }),
  }),
  z.strictObject({ type: z.literal("cancelled") }),
  /** Every timestamp of the job is off by `ms` (may be negative). */
  z.strictObject({ type: z.literal("skew"), ms: z.number() }),
  /** The output has another size; default half the width and height. */
  z.strictObject({
    type: z.literal("wrong_dimension"),
    width: z.number().int().positive().optional(),
    height: z.number().int().positive().optional(),
  }),
  /** Ends `succeeded`, but names no output. */
  z.strictObject({ type: z.literal("output_missing") }),
  /** Has the id of an earlier job whose output was downloaded. Of that job only the output's URL stays. */
  z.strictObject({ type: z.literal("used_id") }),
]);

/** What the output's URL answers. */
const outputFault = z.strictObject({
  type: z.literal("output"),
  as: z.enum([
    ...(["403", "404", "500", "html", "truncated", "empty", "mislabelled", "chunked", "huge", "redirect"] as const),
    ...(["cut", "untyped", "hang", "reset"] as const),
  ]),
  /** `huge`: how many bytes are sent. Default 200 MB. */
  bytes: z.number().int().positive().default(200_000_000),
  /** `redirect`: where to. Default: the same URL, which then answers. */
  location: z.string().optional(),
});

const match = z.strictObject({
  /** Part of the input URL. */
  input: z.string().optional(),
  /** Regular expression over the input URL. */
  inputPattern: z.string().optional(),
  /** Options that must be equal, such as `{"format": "avif", "width": 800}`. */
  options: z.record(z.string(), z.unknown()).default({}),
});

export const faultRule = z.strictObject({
  /** Which requests or jobs it strikes; left out, all. */
  match: match.default({ options: {} }),
  /** For request faults: the calls it strikes. Default `create`. */
  on: z.enum(["create", "get", "list", "any"]).default("create"),
  fault: z.union([requestFault, jobFault, outputFault]),
  /** How often it strikes before it is spent; left out, for ever. */
  times: z.number().int().positive().optional(),
  /** What `times` counts: over the whole rule, per variant (input and options) or per job. Default `rule`. */
  per: z.enum(["rule", "variant", "job"]).default("rule"),
  /** Chance of striking, 0 to 1. Default 1. */
  probability: z.number().min(0).max(1).default(1),
});

export type FaultRuleInput = z.input<typeof faultRule>;
export type FaultRule = z.infer<typeof faultRule>;
export type RequestFault = z.infer<typeof requestFault>;
export type JobFault = z.infer<typeof jobFault>;
export type OutputFault = z.infer<typeof outputFault>;

const REQUEST_TYPES = new Set<string>(requestFault.options.map((option) => option.shape.type.value));
const JOB_TYPES = new Set<string>(jobFault.options.map((option) => option.shape.type.value));

export function isRequestFault(fault: FaultRule["fault"]): fault is RequestFault {
  return REQUEST_TYPES.has(fault.type);
}

export function isJobFault(fault: FaultRule["fault"]): fault is JobFault {
  return JOB_TYPES.has(fault.type);
}

export function isOutputFault(fault: FaultRule["fault"]): fault is OutputFault {
  return fault.type === "output";
}
