import { z } from "@hono/zod-openapi";
import type { Act } from "@prewarm/shared/acts";
import type { GatePatch, GateView } from "../ledger/contract.ts";
import { demand } from "./access/guard.ts";
import { operator, viewer } from "./endpoint.ts";
import { answer, count, jsonBody, lane, refusals, time } from "./schema-words.ts";

const paused = z.object({ live: z.boolean(), upload: z.boolean(), bulk: z.boolean() });

const pauseView = z
  .object({
    who: z.string(),
    since: time,
    reason: z.string().nullable(),
    until: time.nullable().openapi({ description: "When it ends by itself; null: when somebody ends it" }),
  })
  .nullable()
  .openapi("Pause");

const breaker = z
  .object({
    state: z.enum(["closed", "open", "half-open"]),
    reason: z.string().nullable(),
    status: z.number().int().nullable().openapi({ description: "Ittybit's answer that opened it" }),
    since: time.nullable(),
    probeAt: time.nullable().openapi({ description: "When one job is tried next" }),
  })
  .openapi("Breaker");

const limitView = z
  .object({
    mode: z.enum(["auto", "configured", "pinned"]).openapi({ description: "pinned: an operator set a number" }),
    value: z.number(),
    min: z.number().nullable().openapi({ description: "The bounds of an automatic limit" }),
    max: z.number().nullable(),
    why: z.string().nullable().openapi({ description: "Why an automatic limit moved last" }),
    since: time.nullable(),
  })
  .openapi("GateLimit");

export const budgetView = z
  .object({
    monthlyJobs: count.nullable().openapi({ description: "null: unlimited" }),
    warmingShare: z.number().min(0).max(1),
    liveShare: z.number().min(0).max(1).openapi({ description: "Of the month's jobs, what viewers' misses may use" }),
    liveDayShare: z
      .number()
      .min(0)
      .max(1)
      .openapi({ description: "Of the viewers' share, what one day (UTC) may use" }),
    month: z.string().openapi({ example: "2026-11" }),
    used: count,
    usedByLane: z.object({ live: count, upload: count, bulk: count }),
    usedToday: count.openapi({ description: "Jobs of today (UTC)" }),
    liveToday: count.openapi({ description: "Viewers' jobs of today (UTC)" }),
    alertLevels: z.array(z.number()),
    alert: z.number().nullable().openapi({ description: "The highest alert level that is passed" }),
    exhausted: z.object({ live: z.boolean(), warming: z.boolean() }),
  })
  .openapi("Budget");

export const gateState = z
  .object({
    paused,
    pauses: z.object({ live: pauseView, upload: pauseView, bulk: pauseView }),
    undo: z.object({ at: time, who: z.string() }).nullable().openapi({
      description: "The last change of pauses or limits; a patch with `undo` and this `at` puts back what stood before",
    }),
    breaker,
    rate: z.object({ perSecond: z.number(), burst: z.number() }),
    concurrency: count,
    limits: z
      .object({ rate: limitView, concurrency: limitView })
      .openapi({ description: "How rate and concurrency came about" }),
    budget: budgetView,
    throttledUntil: time.nullable().openapi({ description: "Ittybit's Retry-After" }),
    reasons: z
      .array(z.object({ lane: lane.nullable(), code: z.string(), message: z.string(), until: time.nullable() }))
      .openapi({ description: "Why something waits right now; empty: nothing is held back" }),
    updatedAt: time,
  })
  .openapi("Gate");
export type Gate = z.infer<typeof gateState>;

const perSecond = z.union([z.number().positive().max(10_000), z.literal("auto")]);

const pauseWish = z.union([
  z.boolean(),
  z.strictObject({
    reason: z.string().max(200).nullable().optional(),
    until: time.nullable().optional().openapi({ description: "When it ends by itself" }),
  }),
]);

const gatePatch = z
  .strictObject({
    paused: z.strictObject({ live: pauseWish, upload: pauseWish, bulk: pauseWish }).partial().optional(),
    undo: time.optional().openapi({ description: "`undo.at` of the gate: puts back what stood before that change" }),
    breaker: z
      .strictObject({ state: z.literal("closed") })
      .optional()
      .openapi({ description: "Reset the breaker" }),
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
      .openapi({ description: "auto: find it; a number pins it" }),
    budget: z
      .strictObject({
        monthlyJobs: z.number().int().min(0).max(1_000_000_000).nullable().optional(),
        warmingShare: z.number().min(0).max(1).optional(),
        liveShare: z.number().min(0).max(1).optional(),
        liveDayShare: z.number().min(0).max(1).optional(),
        alertLevels: z.array(z.number().positive().max(10)).max(10).optional(),
      })
      .optional(),
  })
  .openapi("GatePatch");

export const gate = [
  viewer(
    {
      method: "get",
      path: "/api/v1/gate",
      tags: ["gate"],
      summary: "Pause, breaker, rate, concurrency, budget",
      responses: { 200: answer(gateState, "The gate"), ...refusals },
    },
    async (c, { ledger }) => c.json(gateAnswer(await ledger.getGate()), 200),
  ),
  operator(
    {
      method: "patch",
      path: "/api/v1/gate",
      tags: ["gate"],
      summary: "Change what is named; it holds at once, everywhere",
      request: { body: jsonBody(gatePatch) },
      responses: { 200: answer(gateState, "The gate after the change"), ...refusals },
    },
    async (c, { ledger }) => {
      const patch = c.req.valid("json") as GatePatch;
      const caller = c.get("caller");
      for (const act of actsOf(patch)) demand(caller, act);
      const patched = await ledger.patchGate(patch, caller.who);
      return c.json(gateAnswer(patched), 200);
    },
  ),
];

/** What a change is. One that is undone may have been either. */
function actsOf({ paused, breaker, rate, concurrency, budget, undo }: GatePatch): Act[] {
  const given = (...parts: unknown[]) => parts.some((part) => part !== undefined);
  return [
    ...(given(paused, breaker, undo) ? (["pause"] as const) : []),
    ...(given(rate, concurrency, budget, undo) ? (["limits"] as const) : []),
  ];
}

/** The gate as the API shows it. */
export function gateAnswer({ slots: _, budget, ...view }: GateView): Gate {
  return { ...view, budget: { ...budget, alertLevels: [...budget.alertLevels] } };
}
