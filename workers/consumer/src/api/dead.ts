import { DeadLetters, deadQuery } from "@prewarm/control-schema/dead";
import { viewer } from "./endpoint.ts";
import { jobAnswer } from "./jobs.ts";
import { answer, refusals } from "./responses.ts";

/** Characters of an unreadable message that are shown. */
const BODY_MAX_CHARS = 2000;

export const dead = [
  viewer(
    {
      method: "get",
      path: "/api/v1/dead",
      tags: ["dead letters"],
      summary: "Dead letters grouped by cause, the largest group first; or one group's jobs",
      request: { query: deadQuery },
      responses: { 200: answer(DeadLetters, "Dead letters"), ...refusals },
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
