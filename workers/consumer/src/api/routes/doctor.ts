import { AppError } from "@prewarm/shared/errors";
import { runDoctor } from "../../doctor/run-doctor.ts";
import { LedgerUnavailable } from "../../ledger/ledger-unavailable.ts";
import { errorText } from "../../platform/log.ts";
import type { Registrar } from "../registrar.ts";
import { doctorRoute } from "../schemas/doctor.ts";

export const registerDoctor: Registrar = (app, deps) => {
  app.openapi(doctorRoute, async (c) => {
    const order = { ...c.req.valid("json"), who: c.get("caller").who };
    try {
      return c.json(await runDoctor(deps, order), 200);
    } catch (error) {
      if (error instanceof LedgerUnavailable) throw error;
      // R2 did not answer. Nothing is lost: the caller comes again with the same cursor.
      deps.log("doctor.failed", { error: errorText(error) });
      throw new AppError("unavailable", { detail: "The store does not answer. Try again.", retryAfterSeconds: 5 });
    }
  });
};
