import { DoctorWalk, doctorAnswer, doctorRequest } from "@prewarm/control-schema/doctor";
import { ApiError } from "@prewarm/shared/api-errors";
import { errorText } from "@prewarm/shared/log";
import { runDoctor } from "../doctor/run-doctor.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { acting, viewer } from "./endpoint.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

export const doctor = [
  viewer(
    {
      method: "get",
      path: "/api/v1/doctor",
      tags: ["system"],
      summary: "How far the cron's walk over the store has come, and when it ends",
      responses: { 200: answer(DoctorWalk, "The walk under way, or the rest after it"), ...refusals },
    },
    async (c, { ledger }) => c.json(await ledger.doctorWalk(), 200),
  ),
  acting("mend")(
    {
      method: "post",
      path: "/api/v1/doctor",
      tags: ["system"],
      summary: "Compare ledger and store, as far as one request gets; mend with fix",
      request: {
        body: jsonBody(doctorRequest),
      },
      responses: {
        200: answer(doctorAnswer, "What was found in this part of the store"),
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
        throw new ApiError("unavailable", { detail: "The store does not answer. Try again.", retryAfterSeconds: 5 });
      }
    },
  ),
];
