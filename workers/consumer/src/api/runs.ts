import type { Run } from "@prewarm/control-schema/runs";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import type { RunView } from "../ledger/calls.ts";
import type { Resource } from "./endpoint.ts";
import { pricedPace } from "./priced-pace.ts";

export const runs = {
  "GET /api/v1/runs": async ({ query: { limit, cursor = null, state = null } }, { ledger, config }) => {
    const { runs, next } = await ledger.listRuns({ limit, cursor, state });
    return { runs: runs.map((run) => runAnswer(run, config)), nextCursor: next };
  },
  "GET /api/v1/runs/{run}": async ({ params: { run } }, { ledger, config }) =>
    runAnswer(found(await ledger.getRun(run)), config),
  "GET /api/v1/runs/{run}/rejected": async ({ params: { run }, query: { limit, cursor = null } }, { ledger }) => {
    const { rejected, next } = await ledger.listRejected({ run, limit, cursor });
    return { rejected, nextCursor: next };
  },
  "PATCH /api/v1/runs/{run}": async ({ params, body: { first }, caller }, { ledger, config }) => {
    const run = await ledger.promoteRun(params.run, first, caller.who);
    if (run === "over") throw new ApiError("conflict", { detail: "The run is over: none of its jobs waits." });
    return runAnswer(found(run), config);
  },
  "DELETE /api/v1/runs/{run}": async ({ params: { run }, caller }, { ledger, config }) => {
    const isKnown = await ledger.cancelRun(run, caller.who);
    return runAnswer(found(isKnown ? await ledger.getRun(run) : null), config);
  },
} satisfies Resource;

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
