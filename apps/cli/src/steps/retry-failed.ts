import type { ControlApi } from "../api/control-api.ts";
import { number } from "../api/json-fields.ts";
import type { Context } from "../platform/context.ts";
import type { Report } from "../terminal/report.ts";
import { followAction } from "./follow-action.ts";

/** Tries a run's dead variants again; with none it does nothing, because the API refuses an action that matches nothing. */
export async function retryFailed(api: ControlApi, context: Context, run: string, report: Report): Promise<void> {
  const filter = { run, state: "dead" };
  const body = { action: "retry", filter };
  const preview = await api.call("POST", "actions", { what: "counting", body: { ...body, dryRun: true } });
  if (number(preview, "total") === 0) return report.note(`No variant of ${run} is dead.`);
  const start = await api.call("POST", "actions", { what: "retrying", body, repeatable: false });
  const { done } = await followAction(start, api, context, report);
  report.note(`${done} dead variants of ${run} are queued again`);
}
