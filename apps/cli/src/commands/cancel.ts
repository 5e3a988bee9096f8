import { Action } from "@prewarm/control-schema/actions";
import { Job } from "@prewarm/control-schema/jobs";
import { Run } from "@prewarm/control-schema/runs";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { type Command, YES_FLAG } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { act } from "../steps/act.ts";
import { FILTER_FLAGS, JOB_NAME, readFilter } from "../steps/filter.ts";
import { createReport } from "../terminal/report.ts";

const CANCELLED_JOB = Job.pick({ state: true });
const STOPPED_ACTION = Action.pick({ state: true });
const CANCELLED_RUN = Run.pick({ state: true });

export const cancelCommand: Command = {
  name: "cancel",
  description: "Cancel runs, jobs or all jobs that match, or stop an action",
  more: "Jobs that others wait for continue; what an action has finished stays finished.",
  operands: { hint: "[run|job|action…]", description: "Runs, jobs and actions by their names", min: 0, max: 1000 },
  flags: {
    ...FILTER_FLAGS,
    all: { type: "boolean", description: "Every open job" },
    rate: { type: "string", valueHint: "n/s", description: "Jobs a second. Default: no limit" },
    "dry-run": { type: "boolean", description: "With a filter: only count" },
    yes: YES_FLAG,
  },
  examples: [
    "prewarm cancel run_4f1c9a",
    "prewarm cancel act_4f1c9a",
    "prewarm cancel --lane bulk --search format:avif --yes",
  ],
  graceful: true,
  async run(args, context) {
    const filter = readFilter(args);
    const named = args.operands.length > 0;
    if (named && (Object.keys(filter).length > 0 || args.flag("all") || args.flag("dry-run")))
      throw usageError(
        "Cancel what?",
        "Name runs, jobs or actions, or give a filter such as --lane or --search; not both.",
      );
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    if (!named) await act({ kind: "cancel", filter, confirm: true }, args, context, api, report);
    const cancelled: { name: string; state: string }[] = [];
    for (const name of args.operands) {
      const state = await cancelOne(name, api);
      cancelled.push({ name, state });
      if (!report.json) report.data(`${name} ${state}`);
    }
    if (named && report.json) report.document("prewarm.cancel/1", { cancelled });
    return EXIT.ok;
  },
};

async function cancelOne(name: string, api: ControlApi): Promise<string> {
  const sending = { what: `cancelling ${name}` };
  if (name.startsWith("act_")) {
    const params = { action: name };
    return (await api.call("DELETE /api/v1/actions/{action}", { params }, STOPPED_ACTION, sending)).state;
  }
  const { state } = JOB_NAME.test(name)
    ? await api.call("POST /api/v1/jobs/{job}/cancel", { params: { job: name } }, CANCELLED_JOB, sending)
    : await api.call("DELETE /api/v1/runs/{run}", { params: { run: name } }, CANCELLED_RUN, sending);
  return state;
}
