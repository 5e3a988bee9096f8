import * as z from "zod";
import type { EmulatorClock } from "../clock.ts";
import { createId } from "../ids.ts";

const ms = z.number().nonnegative();

/** Answers in place of a result, or none at all. */
const requestFault = z.discriminatedUnion("type", [
  /** 429, with `Retry-After` in seconds (default 1), as an HTTP date, or without it. */
  z.strictObject({
    type: z.literal("throttled"),
    retryAfter: z.enum(["seconds", "date", "none"]).default("seconds"),
    seconds: ms.default(1),
  }),
  /** An error body with this status: 400, 401, 402, 403, 404, 408, 500, … */
  z.strictObject({
    type: z.literal("status"),
    status: z.number().int().min(400).max(599),
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
  /** The right answer, late. */
  z.strictObject({ type: z.literal("delay"), ms }),
]);

/** Changes what becomes of a job; decided when it is made. */
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
  /** Ends well, but tells of no output. */
  z.strictObject({ type: z.literal("output_missing") }),
]);

/** What the output's URL answers. */
const outputFault = z.strictObject({
  type: z.literal("output"),
  as: z.enum([
    ...(["403", "404", "500", "html", "truncated", "empty", "mislabelled", "chunked", "huge", "redirect"] as const),
    ...(["hang", "reset"] as const),
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
type Call = "create" | "get" | "list";

/** What a rule is held against. Lists without `?input=` and calls for unknown jobs have no input. */
export interface FaultSubject {
  input: string | null;
  options: Record<string, unknown>;
  jobId: string | null;
}

export interface FaultState {
  id: string;
  rule: FaultRule;
  /** How often it has struck. */
  fired: number;
}

export interface Faults {
  /** @throws z.ZodError */
  add(rule: FaultRuleInput): string;
  remove(id: string): boolean;
  clear(): void;
  list(): FaultState[];
  /** The first rule that strikes this call, if any; it is then counted. */
  forRequest(call: Call, subject: FaultSubject): RequestFault | undefined;
  /** Every rule that strikes this new job. */
  forJob(subject: FaultSubject): JobFault[];
  forOutput(subject: FaultSubject): OutputFault | undefined;
}

const REQUEST_TYPES = new Set<string>(requestFault.options.map((option) => option.shape.type.value));
const JOB_TYPES = new Set<string>(jobFault.options.map((option) => option.shape.type.value));

function isRequestFault(fault: FaultRule["fault"]): fault is RequestFault {
  return REQUEST_TYPES.has(fault.type);
}

function isJobFault(fault: FaultRule["fault"]): fault is JobFault {
  return JOB_TYPES.has(fault.type);
}

function isOutputFault(fault: FaultRule["fault"]): fault is OutputFault {
  return fault.type === "output";
}

interface LiveRule extends FaultState {
  pattern: RegExp | null;
  counts: Map<string, number>;
}

function matches({ rule, pattern }: LiveRule, { input, options }: FaultSubject): boolean {
  if (rule.match.input !== undefined && !input?.includes(rule.match.input)) return false;
  if (pattern !== null && !(input !== null && pattern.test(input))) return false;
  return Object.entries(rule.match.options).every(([name, value]) => options[name] === value);
}

function countingKey(rule: FaultRule, subject: FaultSubject): string {
  if (rule.per === "job") return subject.jobId ?? "";
  return rule.per === "variant" ? `${subject.input} ${JSON.stringify(subject.options)}` : "";
}

/** Whether the rule still has a strike left for this subject, and chance allows it; counts the strike. */
function strikes(live: LiveRule, subject: FaultSubject, random: () => number): boolean {
  if (!matches(live, subject)) return false;
  const key = countingKey(live.rule, subject);
  const used = live.counts.get(key) ?? 0;
  if (live.rule.times !== undefined && used >= live.rule.times) return false;
  if (live.rule.probability < 1 && random() >= live.rule.probability) return false;
  if (live.rule.times !== undefined) live.counts.set(key, used + 1);
  live.fired += 1;
  return true;
}

/** Scripted trouble. Rules are tried in the order they were added. */
export function createFaults(clock: EmulatorClock): Faults {
  let rules: LiveRule[] = [];

  return {
    add(input) {
      const rule = faultRule.parse(input);
      const { inputPattern } = rule.match;
      const pattern = inputPattern === undefined ? null : new RegExp(inputPattern);
      const id = createId("fault", clock.now(), clock.random);
      rules.push({ id, rule, fired: 0, pattern, counts: new Map() });
      return id;
    },
    remove(id) {
      const before = rules.length;
      rules = rules.filter((live) => live.id !== id);
      return rules.length < before;
    },
    clear() {
      rules = [];
    },
    list: () => rules.map(({ id, rule, fired }) => ({ id, rule, fired })),
    forRequest(call, subject) {
      for (const live of rules) {
        const { fault, on } = live.rule;
        const applies = isRequestFault(fault) && (on === "any" || on === call);
        if (applies && strikes(live, subject, clock.random)) return fault;
      }
      return undefined;
    },
    forJob(subject) {
      const struck: JobFault[] = [];
      for (const live of rules) {
        const { fault } = live.rule;
        if (isJobFault(fault) && strikes(live, subject, clock.random)) struck.push(fault);
      }
      return struck;
    },
    forOutput(subject) {
      for (const live of rules) {
        const { fault } = live.rule;
        if (isOutputFault(fault) && strikes(live, subject, clock.random)) return fault;
      }
      return undefined;
    },
  };
}
