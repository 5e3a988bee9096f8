import { z } from "@hono/zod-openapi";
import { LANES } from "@prewarm/shared/job";
import { viewer } from "./endpoint.ts";
import { job, jobAnswer } from "./jobs.ts";
import { answer, count, cursor, limit, listOf, nextCursor, refusals, time } from "./schema-words.ts";

/** Characters of an unreadable message that are shown. */
const BODY_MAX_CHARS = 2000;

const deadGroup = z
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

const deadMessage = z
  .object({
    id: z.string(),
    queue: z.string(),
    reason: z.string(),
    body: z.string().openapi({ description: "First 2,000 characters" }),
    at: time,
  })
  .openapi("DeadMessage", { description: "A queue message nobody could read" });

const deadLetters = z
  .object({
    total: count,
    groups: z
      .array(deadGroup)
      .openapi({ description: "Without `fingerprint`: every group (at most 200). With it: that group" }),
    jobs: z.array(job).openapi({ description: "With `fingerprint`: a page of its jobs" }),
    messages: z.array(deadMessage).openapi({ description: "The newest 50 unreadable messages" }),
    nextCursor,
  })
  .openapi("DeadLetters");

export const dead = [
  viewer(
    {
      method: "get",
      path: "/api/v1/dead",
      tags: ["dead letters"],
      summary: "Dead letters grouped by cause, the largest group first; or one group's jobs",
      request: { query: z.object({ fingerprint: z.string().max(80).optional(), lane: listOf(LANES), limit, cursor }) },
      responses: { 200: answer(deadLetters, "Dead letters"), ...refusals },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null, fingerprint = null, lane } = c.req.valid("query");
      const found = await ledger.listDead({ limit, cursor, fingerprint, lanes: lane });
      const groups = found.groups.map((group) => ({ ...group, sample: jobAnswer(group.sample) }));
      const messages = found.messages.map(({ messageId, queue, reason, body, at }) => {
        return { id: messageId, queue, reason, body: body.slice(0, BODY_MAX_CHARS), at };
      });
      return c.json(
        { total: found.total, groups, jobs: found.jobs.map(jobAnswer), messages, nextCursor: found.next },
        200,
      );
    },
  ),
];
