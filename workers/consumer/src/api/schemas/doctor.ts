import { answer, count, createRoute, jsonBody, refusals, z } from "./common.ts";

const finding = z
  .object({
    code: z.enum([
      "row_without_object",
      "object_below_floor",
      "marker_stale",
      "owner_unknown",
      "claim_expired",
      "slot_leaked",
      "counters_differ",
    ]),
    count,
    message: z.string(),
    fixed: z.boolean().openapi({ description: "Mended: a second look finds it no more" }),
    examples: z.array(z.string()).openapi({ description: "Some of the variant keys concerned" }),
  })
  .openapi("Finding");

export const doctorRoute = createRoute({
  method: "post",
  path: "/api/v1/doctor",
  tags: ["system"],
  summary: "Compare ledger and store, as far as one request gets; mend with fix",
  request: {
    body: jsonBody(
      z.strictObject({
        fix: z.boolean().default(false).openapi({ description: "Mend what is found; else nothing is changed" }),
        cursor: z.string().max(2048).default("").openapi({ description: "`nextCursor` of the answer before" }),
      }),
    ),
  },
  responses: {
    200: answer(
      z.object({
        findings: z.array(finding),
        nextCursor: z.string().nullable().openapi({ description: "null: everything was looked at" }),
      }),
      "What was found in this part of the store",
    ),
    ...refusals,
  },
});
