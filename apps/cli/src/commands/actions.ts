import { Action } from "@prewarm/control-schema/actions";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const SeenAction = Action.pick({
  ...{ action: true, kind: true, state: true, total: true, done: true, who: true, filter: true },
});
const PAGE = z.object({ actions: z.array(SeenAction) });

export const actionsCommand: Command = {
  name: "actions",
  description: "Retries and cancels of many jobs, the newest first; or one, which --stop ends",
  operands: { hint: "[action]", description: "An action, as the list names it", min: 0, max: 1 },
  flags: { stop: { type: "boolean", description: "Stop it; finished jobs stay finished" } },
  examples: ["prewarm actions", "prewarm actions act_4f1c9a --stop"],
  async run(args, context) {
    const [action] = args.operands;
    const stop = args.flag("stop");
    if (stop && action === undefined) throw usageError("--stop needs an action.", "prewarm actions lists them.");
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const params = { action: action ?? "" };
    const sending = { what: "actions" };
    const actions =
      action === undefined
        ? (await api.call("GET /api/v1/actions", {}, PAGE, sending)).actions
        : [
            stop
              ? await api.call("DELETE /api/v1/actions/{action}", { params }, SeenAction, sending)
              : await api.call("GET /api/v1/actions/{action}", { params }, SeenAction, sending),
          ];
    if (report.json) report.document("prewarm.actions/1", { actions });
    else for (const line of formatActions(actions)) report.data(line);
    return EXIT.ok;
  },
};

function formatActions(actions: readonly z.infer<typeof SeenAction>[]): string[] {
  const rows = actions.map(({ action, kind, state, done, total, who, filter }) => [
    action,
    kind,
    state,
    `${formatCount(done)}/${formatCount(total)}`,
    who,
    JSON.stringify(filter),
  ]);
  return formatTable([["ACTION", "KIND", "STATE", "DONE", "WHO", "FILTER"], ...rows]);
}
