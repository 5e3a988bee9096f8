import { LEFT_OUT } from "@prewarm/shared/image-info";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { JobError } from "./jobs.ts";
import { bytes, count, cursorOf, Format, JobState, jobName, Lane, limit, nextCursor, time } from "./words.ts";

export const Variant = z
  .object({
    transform: z.string(),
    format: Format,
    state: JobState,
    bytes: bytes.nullable(),
    url: z.string().meta({ description: "Where the edge answers it" }),
    key: z.string(),
    v: z.string().nullable(),
    job: jobName,
    width: z.number().int().nullable(),
    height: z.number().int().nullable(),
    error: JobError.nullable(),
    storedAt: time.nullable(),
  })
  .meta({ id: "Variant" });
export type Variant = z.infer<typeof Variant>;

const share = z.number().min(0).max(1);

/** What the document says of the pair besides its parts: readers of OpenAPI 3.0 know no tuples. */
const twoNumbers = { items: { type: "number" }, minItems: 2, maxItems: 2 };

export const Focal = z.tuple([share, share]).meta({
  id: "Focal",
  description: "What crops show: shares of the width (from the left) and of the height (from the top), 0 to 1",
  ...twoNumbers,
});

/** What a purge has done, and when the last old copy is gone. */
export const PurgeTimeline = z
  .object({
    purge: z.string().meta({ description: "Its number" }),
    orderedAt: time,
    storeDeletedAt: time.nullable().meta({
      description: "When R2 had no variant of the image any more, Unix milliseconds; null: the first pass is under way",
    }),
    edgeUntil: time.nullable().meta({
      description: "Until when an edge may still answer with an old copy, Unix milliseconds; null: not known yet",
    }),
    browsersUntil: time.nullable().meta({
      description: "Until when a browser that has an old copy may show it, Unix milliseconds; null: not known yet",
    }),
    secondPass: z
      .object({ dueAt: time.nullable(), doneAt: time.nullable() })
      .meta({ description: "The look for results that older handlers stored meanwhile: when it is due, or was done" }),
  })
  .meta({ id: "PurgeTimeline" });
export type PurgeTimeline = z.infer<typeof PurgeTimeline>;

export const Image = z
  .object({
    id: z.string(),
    v: z.string().nullable().meta({ description: "The version that an upload or a run announced last; null: none" }),
    originalUrl: z.string().nullable(),
    originalBytes: bytes.nullable().meta({ description: "Of the original, once a variant of it is stored" }),
    leftOut: z.array(z.enum(LEFT_OUT)).meta({
      description:
        "What the original has and no variant gets, where the site wants labels. `manifest`: a signed manifest (C2PA). `long_text`: a compressed text that was too long to be read",
    }),
    sourceEtag: z.string().nullable(),
    focal: Focal.nullable(),
    purging: z.boolean(),
    purge: PurgeTimeline.nullable().meta({ description: "The last purge; null: none is remembered" }),
    removal: z
      .object({ at: time, by: z.string(), reason: z.string(), complete: z.boolean() })
      .nullable()
      .meta({ description: "Since when the image is removed, and why; null: it is not" }),
    variants: z.array(Variant),
    nextCursor,
  })
  .meta({ id: "Image" });
export type Image = z.infer<typeof Image>;

export const imageQuery = z.object({ cursor: cursorOf(/^after:./s) });

const order = z.object({
  run: z.string().nullable().meta({ description: "null: no run, but a view or Prewarm itself" }),
  label: z.string().nullable(),
  hook: z.string().nullable().meta({ description: "Whose deliveries of a day the run is; null: another run, or none" }),
  who: z.string().nullable().meta({ description: "Who began the run, as in the audit log; null: nobody signed in" }),
  lane: Lane.meta({ description: "Of the order. Without a run, `live` is viewers; else Prewarm itself asked" }),
  at: time.meta({ description: "Of the first variant's order" }),
  until: time.meta({ description: "Of the last variant's order" }),
  variants: count.meta({ description: "Each counted once" }),
});

/** Who asked for the variants of an image, and what its jobs cost. */
export const ImageOrders = z
  .object({
    orders: z.array(order).meta({ description: "The first one first" }),
    variants: count.meta({ description: "Variants of which an order is known, each counted once" }),
    jobs: count.meta({ description: "Ittybit jobs that were paid for the image" }),
    outdated: count.meta({ description: "Jobs of these that a purge or a new original has outdated" }),
    amount: z.number().nullable().meta({ description: "By `budget.per1000Jobs`; null: it is not configured" }),
  })
  .meta({ id: "ImageOrders" });
export type ImageOrders = z.infer<typeof ImageOrders>;

const imageSummary = z.object({
  id: z.string(),
  stored: count.meta({ description: "Recently stored variants" }),
  bytes: bytes.meta({ description: "Of these" }),
  storedAt: time.nullable(),
  failed: count.meta({ description: "Dead and refused variants" }),
  jobs: count.meta({ description: "Ittybit jobs that were paid for recently stored variants, also for purged ones" }),
});
export type ImageSummary = z.infer<typeof imageSummary>;

export const ImageList = z.object({ images: z.array(imageSummary) }).meta({ id: "ImageList" });

export const imagesQuery = z.object({
  search: z.string().max(200).default(""),
  sort: z.enum(["latest", "largest", "failed", "cost"]).default("latest"),
  limit,
});

export const Purge = z
  .object({ id: z.string(), purge: z.string(), state: z.enum(["purging", "done"]) })
  .meta({ id: "Purge" });

export const FocalRequest = z
  .strictObject({ focal: Focal.nullable().meta({ description: "null takes the point back: crops keep the centre" }) })
  .meta({ id: "FocalRequest" });

export const FocalAnswer = z
  .object({
    id: z.string(),
    focal: Focal.nullable(),
    changed: z
      .boolean()
      .meta({ description: "The crops that the point decides are made again; false: it stood there before" }),
  })
  .meta({ id: "FocalAnswer" });

/** An image's id in a path. */
export const imageParams = z.object({
  id: z.string().min(1).meta({ description: "One URL-encoded segment, or the rest of the path" }),
});
const thumbQuery = z.strictObject({
  key: z.string().optional().meta({ description: "A key of a stored variant of the image: this one, as it is" }),
});

export const imageCalls = {
  "GET /api/v1/images": {
    id: "listImages",
    tag: "images",
    may: "viewer",
    summary: "Images with recently stored or failed variants",
    description:
      "Of the newest 10,000 stored jobs and the failed ones that have rows; an older image is found by its id.",
    query: imagesQuery,
    answers: { 200: [ImageList, "Images"] },
  },
  "GET /api/v1/images/{id}": {
    id: "getImage",
    tag: "images",
    may: "viewer",
    summary: "All variants of one image, from R2 and the open rows",
    description: "An id of which nothing is known has no variants.",
    params: imageParams,
    query: imageQuery,
    answers: { 200: [Image, "The image"] },
  },
  "GET /api/v1/images/{id}/orders": {
    id: "listOrders",
    tag: "images",
    may: "viewer",
    summary: "Who asked for an image's variants, and what its jobs cost",
    description: "Of the jobs that have rows and the newest 100,000 stored ones.",
    params: imageParams,
    answers: { 200: [ImageOrders, "The orders"] },
  },
  "DELETE /api/v1/images/{id}": {
    id: "purgeImage",
    tag: "images",
    may: "purge",
    summary: "Remove every variant of one image",
    description: "Asynchronous, in slices; `purge` of the image tells how far it has come.",
    params: imageParams,
    answers: { 202: [Purge, "Under way"] },
  },
  "PUT /api/v1/images/{id}/focal": {
    id: "setFocal",
    tag: "images",
    may: "warm",
    summary: "Set the point that crops without `pos` show",
    description: "Those crops are made again, and nothing else; the old ones are served until then.",
    params: imageParams,
    body: FocalRequest,
    answers: { 202: [FocalAnswer, "The point"] },
  },
  "GET /api/v1/thumbs/{id}": {
    id: "getThumb",
    tag: "images",
    may: "viewer",
    summary: "A small picture of an image: the smallest of its stored variants that shows something",
    description: "Reads only: an address at the edge would order the variant that it names, and count as a view.",
    params: imageParams,
    query: thumbQuery,
    answers: { 200: [z.string(), "The picture", "image/*"] },
    refusals: { 404: "Nothing of it is stored" },
  },
} as const satisfies CallTable;
