import { AppError } from "@prewarm/shared/errors";
import { fromLedger } from "../problem.ts";
import type { Registrar } from "../registrar.ts";
import { runAnswer } from "../run-answer.ts";
import { cancelRunRoute, getRunRoute, listRunsRoute } from "../schemas/runs.ts";

export const registerRuns: Registrar = (app, { ledger, log }) => {
  app.openapi(listRunsRoute, async (c) => {
    const { limit, cursor, state } = c.req.valid("query");
    const { runs, next } = await fromLedger(
      ledger.listRuns({ limit, cursor: cursor ?? null, state: state ?? null }),
      log,
    );
    return c.json({ runs: runs.map((run) => runAnswer(run)), nextCursor: next }, 200);
  });
  app.openapi(getRunRoute, async (c) => {
    const found = await fromLedger(ledger.getRun(c.req.valid("param").run), log);
    if (found === null) throw new AppError("not_found", { detail: "No such run." });
    return c.json(runAnswer(found), 200);
  });
  app.openapi(cancelRunRoute, async (c) => {
    const found = await fromLedger(ledger.cancelRun(c.req.valid("param").run, c.get("caller").who), log);
    if (found === null) throw new AppError("not_found", { detail: "No such run." });
    return c.json(runAnswer(found), 202);
  });
};
