import { IMAGES_PER_CALL } from "@prewarm/shared/limits";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, cursor, nextCursor, time } from "./words.ts";

const kind = z.enum(["purge", "remove"]);

const actionId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{8,80}$/)
  .meta({ description: "The caller's own name of the action, another for each: a repeat of a call does nothing" });

const label = z.string().trim().min(1).max(200);
const reason = z.string().trim().min(1).max(500);

export const ImageActionRequest = z
  .strictObject({
    action: actionId,
    kind,
    ids: z.array(z.string().min(1)).min(1).max(IMAGES_PER_CALL),
    from: count.default(0).meta({
      description: "Images that the action has already: `images` of the answer before; 0, the default, begins it",
    }),
    label: label.optional().meta({ description: "What the images are, for the audit log" }),
    exact: z.boolean().default(false).meta({
      description:
        "Of a removal: only these spellings of the ids. Default: their other Unicode normal forms (NFC, NFD) too",
    }),
    reason: reason.optional().meta({ description: "Of a removal, which needs one: it stands in each receipt" }),
  })
  .refine((asked) => (asked.kind === "remove") === (asked.reason !== undefined), {
    error: "a removal needs a reason, and a purge takes none",
    path: ["reason"],
  })
  .meta({ id: "ImageActionRequest" });

export const ImageAction = z
  .object({
    action: z.string(),
    kind,
    label: z.string().nullable(),
    reason: z.string().nullable(),
    images: count.meta({ description: "Images that it has purged or removed so far" }),
    left: count.meta({ description: "Images of which R2 may still have something: their first pass has not ended" }),
    createdAt: time,
    who: z.string(),
  })
  .meta({ id: "ImageAction" });
export type ImageAction = z.infer<typeof ImageAction>;

export const imageIdsQuery = z
  .object({
    folder: z
      .string()
      .regex(/[^/]\/$/, "it ends with a slash")
      .optional()
      .meta({ description: "Images whose ids begin so, and of which R2 has a variant or a note" }),
    run: z.string().min(1).max(80).optional().meta({ description: "Images that a run asked for" }),
    cursor,
  })
  .meta({ description: "One of `folder` and `run`" });

export const ImageIds = z
  .object({ ids: z.array(z.string()).meta({ description: "Pages may repeat an id, and may be empty" }), nextCursor })
  .meta({ id: "ImageIds" });

/** 200 ids of the longest kind (700 bytes), each of its characters as an escape, and what stands between them. */
const BODY_MAX_BYTES = 500_000;

export const imageActionCalls = {
  "POST /api/v1/image-actions": {
    id: "actOnImages",
    tag: "images",
    may: "operator",
    summary: "Purge or remove many images as one action",
    description: "All images of the call, or none. Further images of the action come in further calls.",
    body: ImageActionRequest as z.ZodType<z.output<typeof ImageActionRequest>, z.input<typeof ImageActionRequest>>,
    bodyMax: BODY_MAX_BYTES,
    answers: { 202: [ImageAction, "Under way"] },
    refusals: {
      409: "The action's id is that of another one, or `from` is not the number of its images",
      507: "Too many images are removed",
    },
  },
  "GET /api/v1/image-actions/{action}": {
    id: "getImageAction",
    tag: "images",
    may: "viewer",
    summary: "How far a purge or removal of many images has come",
    description: "`left` falls to 0 when R2 has nothing of any of them.",
    params: z.object({ action: z.string().min(1).max(80) }),
    answers: { 200: [ImageAction, "The action"] },
    refusals: { 404: "No such action" },
  },
  "GET /api/v1/image-ids": {
    id: "listImageIds",
    tag: "images",
    may: "viewer",
    summary: "The images of a folder or of a run, by their ids",
    description: "Of a run those that the ledger lists: it lists stored variants for three days.",
    query: imageIdsQuery,
    answers: { 200: [ImageIds, "A page"] },
    refusals: { 404: "No such run" },
  },
} as const satisfies CallTable;
