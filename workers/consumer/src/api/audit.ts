import { z } from "@hono/zod-openapi";
import { viewer } from "./endpoint.ts";
import { answer, cursor, limit, nextCursor, refusals, time } from "./schema-words.ts";

const auditEntry = z
  .object({
    seq: z.number().int(),
    at: time,
    who: z.string().openapi({ example: "operator token 1", description: "Never the token itself" }),
    what: z.string().openapi({ example: "gate.patch" }),
    target: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .openapi("AuditEntry");

// The database takes no half of a surrogate pair.
const search = z
  .string()
  .max(200)
  .refine((text) => text.isWellFormed(), "it holds half of a surrogate pair, which is no text")
  .optional()
  .openapi({ description: "Part of who, what, its target or the details, in any case of letters" });

export const audit = [
  viewer(
    {
      method: "get",
      path: "/api/v1/audit",
      tags: ["audit"],
      summary: "Who did what and when, newest first",
      request: { query: z.object({ limit, cursor, search }) },
      responses: {
        200: answer(z.object({ entries: z.array(auditEntry), nextCursor }).openapi("AuditPage"), "A page"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null, search = "" } = c.req.valid("query");
      const { entries, next } = await ledger.listAudit({ limit, cursor, search });
      return c.json({ entries, nextCursor: next }, 200);
    },
  ),
];
