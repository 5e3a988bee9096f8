import { STREAM_MAX_BYTES } from "@prewarm/shared/limits";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count, flag } from "./words.ts";

/** Most transforms of one item. */
export const TRANSFORMS_MAX = 200;

export const recipeName = z.string().min(1).max(64);

/** One original and what to make of it; without recipe, presets and transforms the recipe `upload` applies. */
export const WarmItem = z
  .strictObject({
    id: z.string().min(1).max(2100),
    v: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional()
      .meta({
        description:
          "The site's version token; part of the key. An item that makes a recipe announces it: from then on it is the image's version",
      }),
    sourceEtag: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: "The original's version; a different one has the image's variants made again" }),
    recipe: recipeName.optional(),
    presets: z.array(recipeName).min(1).max(50).optional(),
    transforms: z
      .array(z.string().min(1).max(256).meta({ example: "w=800&f=webp" }))
      .min(1)
      .max(TRANSFORMS_MAX)
      .optional(),
  })
  .meta({ id: "WarmItem" });
export type WarmItem = z.infer<typeof WarmItem>;

/** What comes by `warm` is `bulk` unless it says that it goes before bulk, as uploads do. */
const lane = z.enum(["upload", "bulk"]).meta({ description: "`upload` goes before `bulk`, which is the default" });

/** What beside the items a warm request may say; NDJSON and CSV bodies say it in the query. */
export const warmOptions = z.strictObject({
  label: z.string().max(200).optional(),
  lane: lane.optional(),
  force: z.boolean().optional().meta({ description: "Make stored variants again" }),
  onlyMissing: z.boolean().optional().meta({ description: "Ask R2 and leave out what it holds" }),
});

/** Each item is read by itself (`WarmItem`), so that one that is malformed refuses no other. */
export const WarmRequest = warmOptions
  .extend({ items: z.array(z.unknown()).meta({ type: "array", items: { $ref: "#/components/schemas/WarmItem" } }) })
  .meta({ id: "WarmRequest" });
export type WarmRequest = Omit<z.infer<typeof WarmRequest>, "items"> & { items: WarmItem[] };

/** An item that was refused. The others of its request are not touched by it. */
export const Rejection = z
  .object({
    index: z.number().int().min(0).meta({ description: "Place of the item in the body, from 0" }),
    id: z.string().nullable().meta({ description: "As it was asked for; null: it names none that can be read" }),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: "Rejection" });
export type Rejection = z.infer<typeof Rejection>;

export const WarmAnswer = z
  .object({
    run: z.string(),
    accepted: count.meta({ description: "Variants with a job from now on" }),
    duplicates: count.meta({ description: "Variants that already had an open job, or stood twice in this request" }),
    existing: count.meta({
      description:
        "Variants that R2 has, where `onlyMissing` asked it; else it is seen when their turn comes, without a job",
    }),
    rejected: z.array(Rejection).meta({ description: "At most 1,000 are listed" }),
    rejectedTotal: count,
    repeat: z.boolean().meta({ description: "The whole request had been accepted before under this Idempotency-Key" }),
  })
  .meta({ id: "WarmAnswer" });

export const DryRun = z
  .object({
    dryRun: z.literal(true),
    images: count,
    variants: count.meta({ description: "Variants asked for, each counted once" }),
    existing: count.meta({ description: "Variants already stored" }),
    duplicates: count.meta({ description: "Variants that already have an open job" }),
    jobs: count.meta({ description: "Ittybit jobs it would take" }),
    missing: z
      .array(z.object({ id: z.string(), transform: z.string() }))
      .meta({ description: "The first 200 variants that it would make" }),
    downloadBytes: bytes.nullable().meta({
      description:
        "Bytes that leave the origins: the original of each image with a job, once (a bucket's cost nothing); null: unknown",
    }),
    sampled: count.meta({ description: "Originals whose size was asked to estimate downloadBytes" }),
    exact: z.boolean().meta({ description: "False when the request was too large to look up every variant" }),
    price: z
      .union([z.object({ amount: z.number(), per1000Jobs: z.number() }), z.literal("unknown")])
      .meta({ description: "In the configured currency unit" }),
    rejected: z.array(Rejection),
    rejectedTotal: count,
  })
  .meta({ id: "DryRun" });
export type DryRun = z.infer<typeof DryRun>;

export const warmQuery = z.strictObject({
  dryRun: flag,
  run: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .meta({ description: "Join this run, or begin it under this name: a long list sent in parts is one run" }),
  label: z.string().max(200).optional(),
  lane: lane.optional(),
  force: flag,
  onlyMissing: flag,
  recipe: recipeName.optional().meta({ description: "For items that name nothing themselves (NDJSON and CSV)" }),
});

export const warmHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: "A repeat with the same body continues or repeats the same run" }),
});

/** A JSON body is parsed whole, so it has to be small beside the Worker's 128 MB. */
const JSON_MAX_BYTES = 16_000_000;

export const warmCalls = {
  "POST /api/v1/warm": {
    id: "warm",
    tag: "warm",
    may: "warm",
    summary: "Enqueue variants in bulk",
    description:
      "JSON up to 16 MB; `application/x-ndjson` (one item, or one id, a line) and `text/csv` (header with id, v, sourceEtag, recipe, presets, transforms; several values separated by spaces) stream at any length.",
    query: warmQuery,
    headers: warmHeaders,
    body: WarmRequest as z.ZodType<unknown, WarmRequest>,
    bodies: { "application/x-ndjson": z.string(), "text/csv": z.string() },
    bodyMax: (mediaType: string): number => (mediaType === "application/json" ? JSON_MAX_BYTES : STREAM_MAX_BYTES),
    answers: {
      200: [DryRun, "Dry run: nothing was enqueued"],
      202: [WarmAnswer, "Every accepted variant has a durable row"],
    },
    refusals: {
      415: "Not JSON, NDJSON or CSV",
      422: "The Idempotency-Key was used with another body",
      429: "Too much work is waiting; see Retry-After",
      507: "The ledger is nearly full, and takes no new bulk; see Retry-After",
    },
  },
} as const satisfies CallTable;
