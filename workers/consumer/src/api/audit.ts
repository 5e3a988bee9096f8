import { AuditPage, auditQuery } from "@prewarm/control-schema/audit";
import { viewer } from "./endpoint.ts";
import { answer, refusals } from "./responses.ts";

export const audit = [
  viewer(
    {
      method: "get",
      path: "/api/v1/audit",
      tags: ["audit"],
      summary: "Who did what and when, newest first; what happened automatically too",
      request: { query: auditQuery },
      responses: {
        200: answer(AuditPage, "A page"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null, search = "", from, to } = c.req.valid("query");
      const { entries, next } = await ledger.listAudit({
        ...{ limit, cursor, search },
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      return c.json({ entries, nextCursor: next }, 200);
    },
  ),
];
