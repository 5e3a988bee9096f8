import * as z from "zod";
import type { CallTable } from "./call.ts";
import { moment, nextCursor, pageQuery, time } from "./words.ts";

export const AuditEntry = z
  .object({
    seq: z.number().int(),
    at: time,
    who: z
      .string()
      .meta({ example: "operator token 1", description: "Never the token itself; automatic: no operator did it" }),
    what: z.string().meta({ example: "gate.patch" }),
    target: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.object({ entries: z.array(AuditEntry), nextCursor }).meta({ id: "AuditPage" });

// The database takes no half of a surrogate pair.
const search = z
  .string()
  .max(200)
  .refine((text) => text.isWellFormed(), "it holds half of a surrogate pair, which is no text")
  .optional()
  .meta({ description: "Part of who, what, its target or the details, in any case of letters" });

export const auditQuery = pageQuery.extend({
  search,
  from: moment.meta({ description: "Unix milliseconds: only entries since then" }),
  to: moment.meta({ description: "Unix milliseconds: only entries until then" }),
});

export const auditCalls = {
  "GET /api/v1/audit": {
    id: "listAudit",
    tag: "audit",
    may: "viewer",
    summary: "Who did what and when, newest first; what happened automatically too",
    description: "`search` finds part of any of it. A search walks past at most 20,000 entries.",
    query: auditQuery,
    answers: { 200: [AuditPage, "A page"] },
  },
} as const satisfies CallTable;
