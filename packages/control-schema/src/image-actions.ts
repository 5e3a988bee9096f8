import { IMAGES_PER_CALL } from "@prewarm/shared/limits";
import * as z from "zod";
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
    ...{ action: actionId, kind },
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
    ...{ action: z.string(), kind, label: z.string().nullable(), reason: z.string().nullable() },
    images: count.meta({ description: "Images that it has purged or removed so far" }),
    left: count.meta({ description: "Images of which R2 may still have something: their first pass has not ended" }),
    ...{ createdAt: time, who: z.string() },
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
