import { LANES } from "@prewarm/shared/job";
import { answer, count, createRoute, cursor, limit, listOf, nextCursor, refusals, time, z } from "./common.ts";
import { job } from "./jobs.ts";

export const deadGroup = z
  .object({
    fingerprint: z
      .string()
      .openapi({ description: "Stable name of the cause; `GET /api/v1/dead?fingerprint=` lists its jobs" }),
    code: z.string(),
    message: z.string().openapi({ description: "A sample; numbers and ids in it vary within the group" }),
    count,
    firstAt: time,
    lastAt: time,
    formats: z.record(z.string(), count),
    sample: job,
  })
  .openapi("DeadGroup");
export type DeadGroup = z.infer<typeof deadGroup>;

export const deadMessage = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    body: z.string().openapi({ description: "First 2,000 characters" }),
    at: time,
  })
  .openapi("DeadMessage", { description: "A queue message nobody could read" });
export type DeadMessage = z.infer<typeof deadMessage>;

export const listDeadRoute = createRoute({
  method: "get",
  path: "/api/v1/dead",
  tags: ["dead letters"],
  summary: "Dead letters grouped by cause, the largest group first; or one group's jobs",
  request: {
    query: z.object({
      fingerprint: z.string().max(80).optional(),
      lane: listOf(LANES),
      limit,
      cursor,
    }),
  },
  responses: {
    200: answer(
      z
        .object({
          total: count,
          groups: z
            .array(deadGroup)
            .openapi({ description: "Without `fingerprint`: every group (at most 200). With it: that group" }),
          jobs: z.array(job).openapi({ description: "With `fingerprint`: a page of its jobs" }),
          messages: z.array(deadMessage).openapi({ description: "The newest 50 unreadable messages" }),
          nextCursor,
        })
        .openapi("DeadLetters"),
      "Dead letters",
    ),
    ...refusals,
  },
});
