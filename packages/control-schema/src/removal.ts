import * as z from "zod";
import type { CallTable } from "./call.ts";
import { bytes, count, time } from "./words.ts";

export const RemoveRequest = z
  .strictObject({
    reason: z.string().trim().min(1).max(500).meta({ description: "Why; it stands in the receipt and the audit log" }),
    exact: z.boolean().default(false).meta({
      description: "Only this spelling of the id. Default: its other Unicode normal forms (NFC, NFD) too",
    }),
  })
  .meta({ id: "RemoveRequest" });

const removedObject = z.strictObject({
  name: z.string().meta({
    description: "Key in R2; of an original in a bucket of yours, after the bucket's binding and a blank",
  }),
  bytes,
  uploadedAt: time,
  deletedAt: time.nullable().meta({ description: "When it was gone, Unix milliseconds; null: it is being deleted" }),
});

/** An object of a removed image, as a pass finds it. */
export type FoundObject = Omit<z.infer<typeof removedObject>, "deletedAt">;

/** Why an image was removed, by whom and when (Unix ms), as R2 has it. */
export interface Block {
  /** The image's id, encoded. */
  id: string;
  reason: string;
  who: string;
  at: number;
}

const check = z.strictObject({ at: time, found: count.meta({ description: "Objects that it found and deleted" }) });

export const RemovalReceipt = z
  .strictObject({
    removed: z.string().meta({ description: "The image's id" }),
    spellings: z.array(z.string()).meta({
      description: "Other Unicode spellings of the id that are removed too; `objects` and `checks` are of all of them",
    }),
    reason: z.string(),
    by: z.string().meta({ description: "Who ordered it, as in the audit log" }),
    orderedAt: time,
    jobs: count.meta({ description: "Jobs of the image that were deleted" }),
    focal: z.boolean().meta({ description: "A focal point was deleted" }),
    objects: z
      .array(removedObject)
      .meta({ description: "All that R2 had of the image then or later, as it was found" }),
    more: count.meta({ description: "Objects found beyond the list, which has 5,000 at most" }),
    checks: z.array(check).meta({ description: "Passes over all names of the image in R2, the last 50" }),
    edgeUntil: time.nullable().meta({
      description: "Until when a data centre may answer with a copy, Unix milliseconds; null: not known yet",
    }),
    browsersUntil: time.nullable().meta({
      description: "Until when a browser that has a copy may show it, Unix milliseconds; null: not known yet",
    }),
    completeAt: time.nullable().meta({
      description: "When the last check is due, or has been made, Unix milliseconds; null: not known yet",
    }),
    complete: z.boolean().meta({
      description: "A check after `edgeUntil`, and after the end of every older handler, has found nothing",
    }),
  })
  .meta({ id: "RemovalReceipt" });
export type RemovalReceipt = z.infer<typeof RemovalReceipt>;

export const signature = z.string().meta({ description: "Ed25519 over the receipt's text, base64" });

export const SignedRemoval = z.object({ receipt: RemovalReceipt, signature }).meta({ id: "SignedRemoval" });

export const Unblocked = z.object({ id: z.string() }).meta({ id: "Unblocked" });

const params = z.object({ id: z.string().min(1).meta({ description: "One URL-encoded segment" }) });
const notRemoved = { 404: "The image is not removed" };

export const removalCalls = {
  "POST /api/v1/images/{id}/remove": {
    id: "removeImage",
    tag: "images",
    may: "remove",
    summary: "Delete all of an image, its original in a bucket of yours too, and block it",
    description: "Asynchronous; the receipt tells how far it has come. A repeat looks once more.",
    params,
    body: RemoveRequest,
    answers: { 202: [SignedRemoval, "Under way"] },
    refusals: { 507: "Too many images are removed" },
  },
  "GET /api/v1/images/{id}/removal": {
    id: "getRemoval",
    tag: "images",
    may: "viewer",
    summary: "The signed receipt of a removal, as far as it has come",
    description: "Of the image and of those of its Unicode spellings that are removed.",
    params,
    answers: { 200: [SignedRemoval, "The receipt"] },
    refusals: notRemoved,
  },
  "POST /api/v1/images/{id}/unblock": {
    id: "unblockImage",
    tag: "images",
    may: "remove",
    summary: "Lift the block of a removed image; its receipt is forgotten",
    description: "The image may be ordered again. What was deleted stays deleted.",
    params,
    answers: { 200: [Unblocked, "It may be made again"] },
    refusals: notRemoved,
  },
} as const satisfies CallTable;
