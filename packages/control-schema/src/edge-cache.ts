import * as z from "zod";
import { count, time } from "./words.ts";

/** The purges of the edge's copies, where they lie in the Workers Cache. */
export const EdgeCache = z
  .object({
    waiting: count.meta({ description: "Purges that are due or under way" }),
    oldestAt: time.nullable().meta({ description: "Since when the first of them is due; null: none is" }),
    acceptedAt: time.nullable().meta({ description: "When the cache last took a purge; null: never" }),
    error: z
      .object({ text: z.string(), at: time })
      .nullable()
      .meta({ description: "The last failure; null: the last call succeeded" }),
  })
  .meta({ id: "EdgeCache" });
export type EdgeCache = z.infer<typeof EdgeCache>;

const of = z
  .enum(["everything", "signed"])
  .meta({ description: "Every copy, or those of signed URLs, as after a key was taken back" });

export const EdgePurgeRequest = z.object({ of }).meta({ id: "EdgePurgeRequest" });
export const EdgePurge = z.object({ of }).meta({ id: "EdgePurge" });
