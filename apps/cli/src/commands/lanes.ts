import { Gate } from "@prewarm/control-schema/gate";
import { LANES, type Lane } from "@prewarm/shared/job";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

const GATE = Gate.pick({ paused: true });

export const pauseCommand: Command = laneCommand({
  name: "pause",
  description: "Start no new work in a lane, or in all; jobs at Ittybit end, viewers get originals",
  paused: true,
});

export const resumeCommand: Command = laneCommand({
  name: "resume",
  description: "Resume a paused lane, or all",
  paused: false,
});

function laneCommand({ name, description, paused }: { name: string; description: string; paused: boolean }): Command {
  return {
    name,
    description,
    operands: { hint: "[lane…]", description: `${LANES.join(", ")}; none: all of them`, min: 0, max: LANES.length },
    flags: {},
    examples: [`prewarm ${name} bulk`, `prewarm ${name}`],
    async run(args, context): Promise<ExitCode> {
      const lanes: readonly Lane[] = args.operands.length === 0 ? LANES : args.operands.map(readLane);
      const body = { paused: Object.fromEntries(lanes.map((lane) => [lane, paused])) };
      const api = createControlApi(readControlSettings(args, context), context);
      const { paused: now } = await api.call("PATCH /api/v1/gate", { body }, GATE, { what: name });
      const report = createReport(args, context);
      if (report.json) report.document("prewarm.gate/1", { paused: now });
      else for (const lane of LANES) report.data(`${lane.padEnd(6)}  ${now[lane] ? "paused" : "open"}`);
      return EXIT.ok;
    },
  };
}

function readLane(text: string): Lane {
  const lane = LANES.find((name) => name === text);
  if (lane === undefined) throw usageError(`“${text}” is no lane; there are ${LANES.join(", ")}.`);
  return lane;
}
