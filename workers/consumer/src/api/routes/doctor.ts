import { runDoctor } from "../../doctor/run-doctor.ts";
import { fromLedger } from "../problem.ts";
import type { Registrar } from "../registrar.ts";
import { doctorRoute } from "../schemas/doctor.ts";

export const registerDoctor: Registrar = (app, deps) => {
  app.openapi(doctorRoute, async (c) => {
    const order = { ...c.req.valid("json"), who: c.get("caller").who };
    // R2 not answering is met as the ledger not answering: come again, nothing is lost.
    return c.json(await fromLedger(runDoctor(deps, order), deps.log), 200);
  });
};
