import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { runDoctor } from "../doctor/run-doctor.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { errorText } from "../platform/log.ts";
import { acting } from "./endpoint.ts";
import { answer, count, jsonBody, refusals } from "./schema-words.ts";

const finding = z
  .object({
    code: z.enum([
      "object_below_floor",
      "marker_stale",
      "row_forgotten",
      "lease_expired",
      "slot_leaked",
      "counters_differ",
    ]),
    count,
    message: z.string(),
    fixed: z.boolean().openapi({ description: "Mended: a second look finds it no more" }),
    examples: z.array(z.string()).openapi({ description: "Some of the variant keys concerned" }),
  })
  .openapi("Finding");

export const doctor = [
  acting("mend")(
    {
      method: "post",
      path: "/api/v1/doctor",
      tags: ["system"],
      summary: "Compare ledger and store, as far as one request gets; mend with fix",
      request: {
        body: jsonBody(
          z.strictObject({
            fix: z.boolean().default(false).openapi({ description: "Mend what is found; else nothing is changed" }),
            cursor: z.string().max(2048).default("").openapi({ description: "`nextCursor` of the answer before" }),
            restored: z.boolean().default(false).openapi({
              description:
                "An older copy of the ledger's database was put back: first all leases end, and numbers go on above all that can have been given",
            }),
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
    },
    async (c, deps) => {
      const { restored, ...asked } = c.req.valid("json");
      const order = { ...asked, who: c.get("caller").who };
      if (restored) await deps.ledger.restored(order.who, {}, null);
      try {
        return c.json(await runDoctor(deps, order), 200);
      } catch (error) {
        if (error instanceof LedgerUnavailable) throw error;
        // R2 did not answer. Nothing is lost: the caller comes again with the same cursor.
        deps.log("doctor.failed", { error: errorText(error) });
        throw new AppError("unavailable", { detail: "The store does not answer. Try again.", retryAfterSeconds: 5 });
      }
    },
  ),
];
