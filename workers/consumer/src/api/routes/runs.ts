import { AppError } from "@prewarm/shared/errors";
import type { Registrar } from "../registrar.ts";
import { runAnswer } from "../run-answer.ts";
import { cancelRunRoute, getRunRoute, listRunsRoute } from "../schemas/runs.ts";

export const registerRuns: Registrar = (app, { ledger }) => {
  app.openapi(listRunsRoute, async (c) => {
    const { limit, cursor, state } = c.req.valid("query");
    const { runs, next } = await ledger.listRuns({ limit, cursor: cursor ?? null, state: state ?? null });
    return c.json({ runs: runs.map((run) => runAnswer(run)), nextCursor: next }, 200);
  });
  app.openapi(getRunRoute, async (c) => {
    const found = await ledger.getRun(c.req.valid("param").run);
    if (found === null) throw new AppError("not_found", { detail: "No such run." });
    return c.json(runAnswer(found), 200);
  });
  app.openapi(cancelRunRoute, async (c) => {
    const found = await ledger.cancelRun(c.req.valid("param").run, c.get("caller").who);
    if (found === null) throw new AppError("not_found", { detail: "No such run." });
    return c.json(runAnswer(found), 202);
  });
};
