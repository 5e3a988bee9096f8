import { AppError } from "@prewarm/shared/errors";
import { OPEN_STATES } from "@prewarm/shared/job";
import type { JobFilter } from "../ledger-port.ts";
import type { Registrar } from "../registrar.ts";
import { cancelActionRoute, createActionRoute, getActionRoute, listActionsRoute } from "../schemas/actions.ts";
import { actionMatch } from "../search.ts";

/** Retries a second when the caller does not say: kind to Ittybit and to the other lanes. */
const RETRY_RATE = 100;

/** Retry and cancel of all that match, as objects with progress. */
export const registerActions: Registrar = (app, { ledger }) => {
  app.openapi(createActionRoute, async (c) => {
    const { action: kind, filter, rate, dryRun } = c.req.valid("json");
    const match = actable(kind, actionMatch(filter));
    if (dryRun === true) {
      const preview = await ledger.countMatches(match);
      return c.json({ dryRun: true as const, kind, ...preview }, 200);
    }
    const who = c.get("caller").who;
    const wanted = { kind, filter, match, rate: rate ?? (kind === "retry" ? RETRY_RATE : null), who };
    const created = await ledger.createAction(wanted);
    if (created === null) throw new AppError("conflict", { detail: "Nothing matches: there is nothing to do." });
    return c.json(created, 202);
  });
  app.openapi(listActionsRoute, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const { actions, next } = await ledger.listActions({ limit, cursor: cursor ?? null });
    return c.json({ actions, nextCursor: next }, 200);
  });
  app.openapi(getActionRoute, async (c) => {
    const found = await ledger.getAction(c.req.valid("param").action);
    if (found === null) throw new AppError("not_found", { detail: "No such action." });
    return c.json(found, 200);
  });
  app.openapi(cancelActionRoute, async (c) => {
    const found = await ledger.cancelAction(c.req.valid("param").action, c.get("caller").who);
    if (found === null) throw new AppError("not_found", { detail: "No such action." });
    return c.json(found, 200);
  });
};

/** Narrows a filter to the states that the action can act on; a filter of other states only matches nothing. */
function actable(kind: "retry" | "cancel", match: JobFilter): JobFilter {
  const allowed = kind === "retry" ? (["dead", "cancelled"] as const) : OPEN_STATES;
  // Without a word about states a retry means the dead: what somebody cancelled stays so until it is named.
  const asked = match.states.length > 0 ? match.states : kind === "retry" ? (["dead"] as const) : OPEN_STATES;
  const states = asked.filter((state) => allowed.some((one) => one === state));
  if (states.length === 0)
    throw new AppError("conflict", { detail: `No job in these states can be acted on: ${asked.join(", ")}.` });
  return { ...match, states: [...states] };
}
