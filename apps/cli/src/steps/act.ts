import { type ControlApi, understand } from "../api/control-api.ts";
import { type Json, number } from "../api/json-fields.ts";
import type { Arguments } from "../arguments/command.ts";
import { readRate } from "../arguments/quantities.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";
import { confirmByTyping } from "./confirm.ts";
import { followAction } from "./follow-action.ts";

export interface Act {
  kind: "retry" | "cancel";
  filter: Json;
  /** Ask before it is done. */
  confirm: boolean;
}

/**
 * Retries or cancels every job that matches, on the server, and follows it to its end. What it will touch is counted and said first;
 * nothing at all is no fault.
 */
export async function act(
  { kind, filter, confirm }: Act,
  args: Arguments,
  context: Context,
  api: ControlApi,
  report: Report,
): Promise<void> {
  const body = { action: kind, filter };
  const preview = await api.call("POST", "actions", { what: "counting", body: { ...body, dryRun: true } });
  const { total, exact } = understand("the count", () => ({
    total: number(preview, "total"),
    exact: preview.exact !== false,
  }));
  const matching = `${exact ? "" : "at least "}${formatCount(total)} jobs match.`;
  if (args.flag("dry-run") || total === 0) return print(report, kind, { matched: total, exact, done: 0 }, matching);
  report.note(matching);
  if (confirm) await confirmByTyping(args, context, `This will ${kind} them.`, kind);
  const rate = args.text("rate");
  const paced = rate === null ? body : { ...body, rate: readRate(rate, "--rate") };
  const start = await api.call("POST", "actions", { what: kind, body: paced, repeatable: false });
  const { done, skipped, state } = await followAction(start, api, context, report);
  const changed = skipped === 0 ? "" : `, ${formatCount(skipped)} had changed meanwhile`;
  print(report, kind, { matched: total, exact, done, skipped, state }, `${kind}: ${formatCount(done)} jobs${changed}`);
}

function print(report: Report, kind: string, body: Json, line: string): void {
  if (report.json) report.document(`prewarm.${kind}/1`, body);
  else report.data(line);
}

/** The short names of jobs, as `prewarm jobs` prints them. */
export const JOB_NAME = /^[0-9a-f]{16}$/;

export function checkJobNames(names: readonly string[]): readonly string[] {
  const stray = names.find((name) => !JOB_NAME.test(name));
  if (stray !== undefined) throw usageError(`“${stray}” is no job; prewarm jobs lists them.`);
  return names;
}
