import { LANES } from "@prewarm/shared/job";
import * as z from "zod";
import { Job } from "./jobs.ts";
import { count, cursor, limit, listOf, nextCursor, time } from "./words.ts";

export const DeadGroup = z
  .object({
    fingerprint: z
      .string()
      .meta({ description: "Stable name of the cause; `GET /api/v1/dead?fingerprint=` lists its jobs" }),
    code: z.string(),
    message: z.string().meta({ description: "A sample; numbers and ids in it vary within the group" }),
    count,
    firstAt: time,
    lastAt: time,
    formats: z.record(z.string(), count),
    sample: Job,
  })
  .meta({ id: "DeadGroup" });
export type DeadGroup = z.infer<typeof DeadGroup>;

export const DeadMessage = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    body: z.string().meta({ description: "First 2,000 characters" }),
    at: time,
  })
  .meta({ id: "DeadMessage", description: "A queue message nobody could read" });
export type DeadMessage = z.infer<typeof DeadMessage>;

export const DeadLetters = z
  .object({
    total: count,
    groups: z
      .array(DeadGroup)
      .meta({ description: "Without `fingerprint`: every group (at most 200). With it: that group" }),
    jobs: z.array(Job).meta({ description: "With `fingerprint`: a page of its jobs" }),
    messages: z.array(DeadMessage).meta({ description: "The newest 50 unreadable messages" }),
    nextCursor,
  })
  .meta({ id: "DeadLetters" });
export type DeadLetters = z.infer<typeof DeadLetters>;

export const deadQuery = z.object({ fingerprint: z.string().max(80).optional(), lane: listOf(LANES), limit, cursor });
