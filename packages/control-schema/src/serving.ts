import { VIEW_OUTCOMES, type ViewOutcome } from "@prewarm/shared/views";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count, Format, time } from "./words.ts";

const window = z.enum(["1h", "1d", "30d"]);
export type ServingWindow = z.infer<typeof window>;

const byOutcome = z.object(
  Object.fromEntries(VIEW_OUTCOMES.map((outcome) => [outcome, count])) as Record<ViewOutcome, typeof count>,
);

export const Serving = z
  .object({
    window,
    from: time,
    at: time.meta({ description: "When it was read" }),
    state: z.enum(["counted", "off", "unreadable"]),
    text: z.string().nullable().meta({ description: "How to switch it on, or what failed; null while it is counted" }),
    oneIn: count.meta({ description: "`countViews`: one view in so many is counted and stands for them" }),
    views: byOutcome.meta({
      description:
        "GETs of images by what answered them: the variant from `cache` or `store` (R2), a `stand-in`, the `original`, the `placeholder`; `bypass`: shown as it is; `refused`: 4xx; `failed`: 5xx",
    }),
    hitRatio: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: "Answered with the variant, of all but `bypass` and `refused`; null: no view" }),
    bytes: bytes.meta({ description: "Of variants, sent whole" }),
    savedBytes: z
      .number()
      .int()
      .meta({ description: "Less than the originals would have been, where their size is known; below 0: more" }),
    originalBytes: bytes.meta({ description: "What those originals would have been" }),
    formats: z.array(z.object({ format: Format, views: count, bytes, savedBytes: z.number().int() })),
    buckets: z
      .array(z.object({ at: time, hits: count, others: count }))
      .meta({ description: "Hits, and views without the variant, by steps of the window, the oldest first" }),
    missed: z
      .array(
        z.object({
          key: z.string(),
          id: z.string(),
          transform: z.string(),
          v: z.string().nullable(),
          views: count,
          stored: z.boolean().meta({ description: "By now" }),
        }),
      )
      .meta({ description: "What viewers asked for most and did not get, of what can be made" }),
  })
  .meta({ id: "Serving" });
export type Serving = z.infer<typeof Serving>;

export const servingQuery = z.object({ window: window.default("1d") });

export const servingCalls = {
  "GET /api/v1/serving": {
    id: "getServing",
    tag: "stats",
    may: "viewer",
    summary: "What views were answered with, what that saved, and what was missed",
    description: "Counted by the edge where it has a dataset of Analytics Engine; read at most once a minute.",
    query: servingQuery,
    answers: { 200: [Serving, "Of this window"] },
  },
} as const satisfies CallTable;
