import { z } from "@hono/zod-openapi";

/* What may be asked of intake, as its callers write it. The schemas are part of the control API's document. */

export const recipeName = z.string().min(1).max(64);

/** One original and what to make of it; without recipe, presets and transforms the recipe `upload` applies. */
export const warmItem = z
  .strictObject({
    id: z.string().min(1).max(2100),
    v: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional()
      .openapi({ description: "The site's version token; part of the key" }),
    sourceEtag: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .openapi({ description: "The original's version; another one than before makes its variants anew" }),
    recipe: recipeName.optional(),
    presets: z.array(recipeName).min(1).max(50).optional(),
    transforms: z
      .array(z.string().min(1).max(256).openapi({ example: "w=800&f=webp" }))
      .min(1)
      .max(200)
      .optional(),
  })
  .openapi("WarmItem");
export type WarmItem = z.infer<typeof warmItem>;

/** What beside the items a warm request may say; NDJSON and CSV bodies say it in the query. */
export const warmOptions = z.strictObject({
  label: z.string().max(200).optional(),
  force: z.boolean().optional().openapi({ description: "Make anew even what is stored" }),
  onlyMissing: z.boolean().optional().openapi({ description: "Ask R2 and leave out what it holds" }),
});

export const warmBody = warmOptions
  .extend({ items: z.array(z.unknown()).openapi({ type: "array", items: { $ref: "#/components/schemas/WarmItem" } }) })
  .openapi("WarmRequest");

/** An item that was refused. The others of its request are not touched by it. */
export const rejection = z
  .object({
    index: z.number().int().min(0).openapi({ description: "Place of the item in the body, from 0" }),
    id: z.string().nullable().openapi({ description: "As it was asked for; null: it names none that can be read" }),
    code: z.string(),
    message: z.string(),
  })
  .openapi("Rejection");
export type Rejection = z.infer<typeof rejection>;
