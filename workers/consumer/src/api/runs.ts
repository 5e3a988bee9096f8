import { ApiError } from "@prewarm/shared/api-errors";
import type { Resource } from "./endpoint.ts";

export const runs = {
  "PATCH /api/v1/runs/{run}": async ({ params, body: { first }, caller }, { ledger }) => {
    const run = await ledger.promoteRun(params.run, first, caller.who);
    if (run === "over") throw new ApiError("conflict", { detail: "The run is over: none of its jobs waits." });
    return found(run);
  },
  "DELETE /api/v1/runs/{run}": async ({ params, caller }, { ledger }) => {
    const isKnown = await ledger.cancelRun(params.run, caller.who);
    // The end of that transaction counts the run's jobs anew.
    return found(isKnown ? await ledger.getRun(params) : null);
  },
} satisfies Resource;

function found<T>(run: T | null): T {
  if (run === null) throw new ApiError("not_found", { detail: "No such run." });
  return run;
}
