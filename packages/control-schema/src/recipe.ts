import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, Format, time } from "./words.ts";

const amount = z
  .number()
  .nullable()
  .meta({ description: "Of an upload, in the unit of `budget.per1000Jobs`; null: no price is set" });
const names = z.array(z.string());

export const RecipeSuggestion = z
  .object({
    state: z.enum(["learned", "unreported", "off", "unreadable"]),
    text: z.string().nullable().meta({ description: "What is needed or failed, or why no line is dropped; else null" }),
    from: time,
    at: time,
    add: z
      .array(
        z.object({
          line: z.string().meta({ description: "Such as `pages.widths: add 960`" }),
          views: count.meta({ description: "That would have had their variant" }),
          images: count,
          days: count,
          jobsPerUpload: count,
          amount,
        }),
      )
      .meta({ description: "What pages ask for, viewers missed, and no upload makes" }),
    drop: z
      .array(
        z.object({
          line: z.string().meta({ description: "Of `pages`, such as `widths high`; or the recipe" }),
          spec: z.string(),
          formats: z.array(z.string()),
          views: count.meta({ description: "That these variants answered, whoever asked" }),
          jobsPerUpload: count,
          amount,
        }),
      )
      .meta({ description: "What uploads make and no page asks for" }),
    jobs: z.object({ before: count, after: count }).meta({ description: "Of an upload, at most" }),
    pages: z
      .object({
        widths: z.array(z.number()),
        formats: z.array(z.union([Format, z.literal("auto")])),
        qualities: names,
        ratios: names,
      })
      .nullable()
      .meta({ description: "The setting `pages` with these lines; null: the recipe `upload` is written by hand" }),
  })
  .meta({ id: "RecipeSuggestion" });
export type RecipeSuggestion = z.infer<typeof RecipeSuggestion>;

export const recipeCalls = {
  "GET /api/v1/recipe/suggestion": {
    id: "suggestRecipe",
    tag: "coverage",
    may: "viewer",
    summary: "Lines of `pages` to add and to drop, by what pages ask for and viewers missed",
    description: "Of 30 days, and of the last report of each name. Views alone name no line: anybody can make them.",
    answers: { 200: [RecipeSuggestion, "Now"] },
  },
} as const satisfies CallTable;
