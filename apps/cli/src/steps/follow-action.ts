import { type ControlApi, understand } from "../api/control-api.ts";
import { type Json, number, text } from "../api/json-fields.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import type { Report } from "../terminal/report.ts";

const LOOK_MS = 500;

/** An action (retry or cancel of all that match) as the API tells it. */
export interface Action {
  action: string;
  state: string;
  total: number;
  done: number;
  skipped: number;
}

/** Follows an action to its end, showing its progress. Interrupted it throws 130; the action goes on. */
export async function followAction(start: Json, api: ControlApi, context: Context, report: Report): Promise<Action> {
  let action = readAction(start);
  while (action.state === "running") {
    const { done, skipped, total } = action;
    report.update({ label: "acting", unit: "variants", done: done + skipped, total, failed: 0, throttled: 0 });
    await context.sleep(LOOK_MS, context.interrupts.stop);
    if (context.interrupts.stop.aborted)
      throw new CliError(
        EXIT.interrupted,
        "Interrupted.",
        `The action ${action.action} goes on without us; the dashboard can stop it.`,
      );
    action = readAction(await api.call("GET", `actions/${encodeURIComponent(action.action)}`, { what: "the action" }));
  }
  report.end();
  return action;
}

function readAction(json: Json): Action {
  return understand("the action", () => ({
    action: text(json, "action"),
    state: text(json, "state"),
    total: number(json, "total"),
    done: number(json, "done"),
    skipped: number(json, "skipped"),
  }));
}
