import { answer, createRoute, cursor, limit, nextCursor, refusals, time, z } from "./common.ts";

export const auditEntry = z
  .object({
    seq: z.number().int(),
    at: time,
    who: z.string().openapi({ example: "operator token 1", description: "Never the token itself" }),
    what: z.string().openapi({ example: "gate.patch" }),
    target: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .openapi("AuditEntry");
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditRoute = createRoute({
  method: "get",
  path: "/api/v1/audit",
  tags: ["audit"],
  summary: "Who did what and when, newest first",
  request: { query: z.object({ limit, cursor }) },
  responses: {
    200: answer(z.object({ entries: z.array(auditEntry), nextCursor }).openapi("AuditPage"), "A page"),
    ...refusals,
  },
});
