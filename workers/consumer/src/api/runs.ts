import { RejectedPage, Run, RunPage, RunPatch, runsQuery } from "@prewarm/control-schema/runs";
import { pageQuery } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import * as z from "zod";
import type { RunView } from "../ledger/contract.ts";
import { acting, viewer } from "./endpoint.ts";
import { pricedPace } from "./priced-pace.ts";
import { answer, jsonBody, refusal, refusals } from "./responses.ts";

const params = z.object({ run: z.string().min(1).max(80) });

export const runs = [
  viewer(
    {
      method: "get",
      path: "/api/v1/runs",
      tags: ["runs"],
      summary: "Runs, newest first",
      request: { query: runsQuery },
      responses: {
        200: answer(RunPage, "A page of runs"),
        ...refusals,
      },
    },
    async (c, { ledger, config }) => {
      const { limit, cursor = null, state = null } = c.req.valid("query");
      const { runs, next } = await ledger.listRuns({ limit, cursor, state });
      return c.json({ runs: runs.map((run) => runAnswer(run, config)), nextCursor: next }, 200);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/runs/{run}",
      tags: ["runs"],
      summary: "One run's progress",
      request: { params },
      responses: { 200: answer(Run, "The run"), ...refusals, 404: refusal("No such run") },
    },
    async (c, { ledger, config }) =>
      c.json(runAnswer(found(await ledger.getRun(c.req.valid("param").run)), config), 200),
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/runs/{run}/rejected",
      tags: ["runs"],
      summary: "The items of a run's requests that were refused, by their place in the body",
      request: { params, query: pageQuery },
      responses: { 200: answer(RejectedPage, "A page of them"), ...refusals },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { rejected, next } = await ledger.listRejected({ run: c.req.valid("param").run, limit, cursor });
      return c.json({ rejected, nextCursor: next }, 200);
    },
  ),
  acting("promote")(
    {
      method: "patch",
      path: "/api/v1/runs/{run}",
      tags: ["runs"],
      summary: "Let a run go first in its lane, or take that back",
      description:
        "No job changes its lane: viewers and uploads go before bulk as ever, and the budget of those who asked pays. Runs that go first take turns.",
      request: { params, body: jsonBody(RunPatch) },
      responses: {
        200: answer(Run, "The run"),
        ...refusals,
        404: refusal("No such run"),
        409: refusal("The run is over"),
      },
    },
    async (c, { ledger, config }) => {
      const { first } = c.req.valid("json");
      const run = await ledger.promoteRun(c.req.valid("param").run, first, c.get("caller").who);
      if (run === "over") throw new ApiError("conflict", { detail: "The run is over: none of its jobs waits." });
      return c.json(runAnswer(found(run), config), 200);
    },
  ),
  acting("cancel")(
    {
      method: "delete",
      path: "/api/v1/runs/{run}",
      tags: ["runs"],
      summary: "Cancel what nobody else waits for",
      description: "Asynchronous: the run is closed at once, its rows follow in slices.",
      request: { params },
      responses: { 202: answer(Run, "The run is cancelled"), ...refusals, 404: refusal("No such run") },
    },
    async (c, { ledger, config }) => {
      const cancelled = await ledger.cancelRun(c.req.valid("param").run, c.get("caller").who);
      return c.json(runAnswer(found(cancelled), config), 202);
    },
  ),
];

function found(view: RunView | null): RunView {
  if (view === null) throw new ApiError("not_found", { detail: "No such run." });
  return view;
}

/** A variant that was found in R2 is stored as well. */
function outcomeOf({ state, states, existing, rejected }: RunView): "ok" | "with failures" | "failed" | null {
  if (state !== "done") return null;
  const failed = states.dead + states.refused + rejected;
  if (failed === 0) return "ok";
  return states.stored + existing === 0 ? "failed" : "with failures";
}

/** A run as the API shows it: with sums, and what is left in time and money. */
function runAnswer(view: RunView, { budget }: Config): Run {
  const { rejected, readyP50, readyP95, pace, ...run } = view;
  const { states } = run;
  const left = states.queued + states.processing + states.retrying;
  const ended = states.stored + states.dead + states.refused + states.cancelled;
  return {
    ...run,
    rejectedTotal: rejected,
    outcome: outcomeOf(view),
    total: left + ended,
    done: ended,
    pace: pricedPace(pace, budget),
    timeToReady: { p50: readyP50, p95: readyP95 },
  };
}
