import { Run } from "@prewarm/control-schema/runs";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

const PROMOTED = Run.pick({ run: true, lane: true, first: true });

export const promoteCommand: Command = {
  name: "promote",
  description: "Let a run go first in its lane, or take that back",
  more: "No job changes its lane or its budget.",
  operands: { hint: "run", description: "A run, as `prewarm warm` prints it", min: 1, max: 1 },
  flags: { back: { type: "boolean", description: "Take turns with the other runs of the lane again" } },
  examples: ["prewarm promote run_4f1c9a", "prewarm promote run_4f1c9a --back"],
  async run(args, context) {
    const [run = ""] = args.operands;
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const given = { params: { run }, body: { first: !args.flag("back") } };
    const promoted = await api.call("PATCH /api/v1/runs/{run}", given, PROMOTED, { what: `run ${run}` });
    if (report.json) report.document("prewarm.promote/1", promoted);
    else report.data(`${run} ${promoted.first === null ? "takes turns" : "goes first"} in ${promoted.lane}`);
    return EXIT.ok;
  },
};
