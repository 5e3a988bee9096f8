import { Action, type ActionFilter, ActionPreview, type ActionRequest } from "@prewarm/control-schema/actions";
import type * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import type { Arguments } from "../arguments/command.ts";
import { readRate } from "../arguments/quantities.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";
import { confirmByTyping } from "./confirm.ts";

/** Between two looks at an action, in ms. */
const LOOK_MS = 500;

const PREVIEW = ActionPreview.pick({ total: true, exact: true, at: true });
const SeenAction = Action.pick({ action: true, state: true, total: true, done: true, skipped: true });
type SeenAction = z.infer<typeof SeenAction>;

interface Act {
  kind: "retry" | "cancel";
  filter: ActionFilter;
  /** Ask before it is done. */
  confirm: boolean;
}

/**
 * Retries or cancels every job that matches. The server does the work and this follows it to its end. It counts the jobs and says the
 * number first; no job at all is not an error.
 */
export async function act(
  { kind, filter, confirm }: Act,
  args: Arguments,
  context: Context,
  api: ControlApi,
  report: Report,
): Promise<void> {
  const counted: ActionRequest = { action: kind, filter, ...(args.flag("all") ? { all: true } : {}) };
  const { total: matched, exact, at } = await count(counted, api);
  const matching = `${exact ? "" : "at least "}${formatCount(matched)} jobs match.`;
  if (args.flag("dry-run") || (matched === 0 && exact))
    return print(report, kind, { matched, exact, done: 0 }, matching);
  report.note(matching);
  const isAgreed = confirm && (await confirmByTyping(args, context, `This will ${kind} them.`, kind));
  // A count that is not exact is nothing to agree to.
  const request = isAgreed && exact ? { ...counted, agreed: { at, total: matched } } : counted;
  const rate = args.text("rate");
  const paced = rate === null ? request : { ...request, rate: readRate(rate, "--rate") };
  const { done, skipped, state } = await runAction(paced, kind, api, context, report);
  const changed = skipped === 0 ? "" : `, ${formatCount(skipped)} had changed meanwhile`;
  print(report, kind, { matched, exact, done, skipped, state }, `${kind}: ${formatCount(done)} jobs${changed}`);
}

/** Tries a run's dead variants again; with none it does nothing, because the API refuses an action that matches nothing. */
export async function retryFailed(api: ControlApi, context: Context, run: string, report: Report): Promise<void> {
  const request: ActionRequest = { action: "retry", filter: { run, state: "dead" } };
  const { total, exact } = await count(request, api);
  if (total === 0 && exact) return report.note(`No variant of ${run} is dead.`);
  const { done } = await runAction(request, "retrying", api, context, report);
  report.note(`${done} dead variants of ${run} are queued again`);
}

function count(request: ActionRequest, api: ControlApi): Promise<z.infer<typeof PREVIEW>> {
  return api.call("POST /api/v1/actions", { body: { ...request, dryRun: true } }, PREVIEW, { what: "counting" });
}

/** Starts an action and follows it to its end, showing its progress. Interrupted it throws 130; the action goes on. */
async function runAction(
  body: ActionRequest,
  what: string,
  api: ControlApi,
  context: Context,
  report: Report,
): Promise<SeenAction> {
  let action = await api.call("POST /api/v1/actions", { body }, SeenAction, { what, repeatable: false });
  while (action.state === "running") {
    const { done, skipped, total } = action;
    report.update({ label: "acting", unit: "variants", done: done + skipped, total, failed: 0, throttled: 0 });
    await context.sleep(LOOK_MS, context.interrupts.stop);
    if (context.interrupts.stop.aborted) throw goesOn(action);
    const params = { action: action.action };
    action = await api.call("GET /api/v1/actions/{action}", { params }, SeenAction, { what: "the action" });
  }
  report.end();
  return action;
}

function goesOn({ action }: SeenAction): CliError {
  const hint = `The action ${action} goes on without us; stop it with: prewarm cancel ${action}`;
  return new CliError(EXIT.interrupted, "Interrupted.", hint);
}

function print(report: Report, kind: string, body: Record<string, unknown>, line: string): void {
  if (report.json) report.document(`prewarm.${kind}/1`, body);
  else report.data(line);
}
