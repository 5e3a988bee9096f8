import * as z from "zod";
import type { CallTable } from "./call.ts";
import { byLane, count, Lane, time } from "./words.ts";

const Pause = z
  .object({
    who: z.string(),
    since: time,
    reason: z.string().nullable(),
    until: time.nullable().meta({ description: "When it ends without a call; null: only a call ends it" }),
  })
  .nullable()
  .meta({ id: "Pause" });

const Breaker = z
  .object({
    state: z.enum(["closed", "open", "half-open"]),
    reason: z.string().nullable(),
    status: z.number().int().nullable().meta({ description: "Ittybit's answer that opened it" }),
    since: time.nullable(),
    probeAt: time.nullable().meta({ description: "When one job is tried next" }),
  })
  .meta({ id: "Breaker" });

export const GateLimit = z
  .object({
    mode: z.enum(["auto", "configured", "pinned"]).meta({ description: "pinned: an operator set a number" }),
    value: z.number(),
    min: z.number().nullable().meta({ description: "The bounds of an automatic limit" }),
    max: z.number().nullable(),
    why: z.string().nullable().meta({ description: "Why an automatic limit moved last" }),
    since: time.nullable(),
  })
  .meta({ id: "GateLimit" });
/** How a limit of the gate came about. */
export type GateLimit = z.infer<typeof GateLimit>;

export const Budget = z
  .object({
    monthlyJobs: count.nullable().meta({ description: "null: unlimited" }),
    warmingShare: z.number().min(0).max(1),
    liveShare: z.number().min(0).max(1).meta({ description: "Of the month's jobs, what viewers' misses may use" }),
    liveDayShare: z.number().min(0).max(1).meta({ description: "Of the viewers' share, what one day (UTC) may use" }),
    month: z.string().meta({ example: "2026-11" }),
    used: count,
    usedByLane: byLane(count),
    left: z
      .object({ live: count.nullable(), warming: count.nullable() })
      .meta({ description: "Jobs that viewers, and that uploads and bulk, may still use now; null: unlimited" }),
    usedToday: count.meta({ description: "Jobs of today (UTC)" }),
    liveToday: count.meta({ description: "Viewers' jobs of today (UTC)" }),
    alertLevels: z.array(z.number()),
    alert: z.number().nullable().meta({ description: "The highest alert level that is passed" }),
    exhausted: z.object({ live: z.boolean(), warming: z.boolean() }),
  })
  .meta({ id: "Budget" });

export const Gate = z
  .object({
    paused: byLane(z.boolean()),
    pauses: byLane(Pause),
    undo: z.object({ at: time, who: z.string() }).nullable().meta({
      description: "The last change of pauses or limits; a patch with `undo` and this `at` puts back what stood before",
    }),
    breaker: Breaker,
    rate: z.object({ perSecond: z.number(), burst: z.number() }),
    concurrency: count,
    limits: z
      .object({ rate: GateLimit, concurrency: GateLimit })
      .meta({ description: "How rate and concurrency came about" }),
    budget: Budget,
    throttledUntil: time.nullable().meta({ description: "Ittybit's Retry-After" }),
    reasons: z
      .array(z.object({ lane: Lane.nullable(), code: z.string(), message: z.string(), until: time.nullable() }))
      .meta({ description: "Why something waits right now; empty: nothing is held back" }),
    updatedAt: time,
  })
  .meta({ id: "Gate" });
/** What the gate holds and why. */
export type Gate = z.infer<typeof Gate>;

const perSecond = z.union([z.number().positive().max(10_000), z.literal("auto")]);

const pauseWish = z.union([
  z.boolean(),
  z.strictObject({
    reason: z.string().max(200).nullable().optional(),
    until: time.nullable().optional().meta({ description: "When it ends without a call" }),
  }),
]);

export const GatePatch = z
  .strictObject({
    paused: z.strictObject({ live: pauseWish, upload: pauseWish, bulk: pauseWish }).partial().optional(),
    undo: time.optional().meta({ description: "`undo.at` of the gate: puts back what stood before that change" }),
    breaker: z
      .strictObject({ state: z.literal("closed") })
      .optional()
      .meta({ description: "Reset the breaker" }),
    rate: z
      .union([
        perSecond,
        z.strictObject({
          perSecond: perSecond.optional(),
          burst: z.number().int().min(1).max(10_000).optional(),
        }),
      ])
      .optional(),
    concurrency: z
      .union([z.number().int().min(1).max(10_000), z.literal("auto")])
      .optional()
      .meta({ description: "auto: find it; a number pins it" }),
    budget: z
      .strictObject({
        monthlyJobs: z.number().int().min(0).max(1_000_000_000).nullable().optional(),
        warmingShare: z.number().min(0).max(1).optional(),
        liveShare: z.number().min(0).max(1).optional(),
        liveDayShare: z.number().min(0).max(1).optional(),
        alertLevels: z.array(z.number().positive().max(10)).max(10).optional(),
      })
      .optional(),
    spent: z
      .record(z.iso.date(), byLane(z.number().int().min(0).max(1_000_000_000)))
      .optional()
      .meta({
        description:
          "Jobs of this month that another ledger has granted, by day (UTC): each day has at least so many afterwards",
      }),
  })
  .meta({ id: "GatePatch" });
export type GatePatch = z.infer<typeof GatePatch>;

export const gateCalls = {
  "GET /api/v1/gate": {
    id: "getGate",
    tag: "gate",
    may: "viewer",
    summary: "Pause, breaker, rate, concurrency, budget",
    description: "With how each limit came about, and why anything waits.",
    answers: { 200: [Gate, "The gate"] },
  },
  "PATCH /api/v1/gate": {
    id: "patchGate",
    tag: "gate",
    may: "operator",
    summary: "Change what is named; it holds at once, everywhere",
    description: "Pauses and the breaker need the act `pause`, the others `limits`.",
    body: GatePatch,
    answers: { 200: [Gate, "The gate after the change"] },
  },
} as const satisfies CallTable;
