import { Gate } from "@prewarm/control-schema/gate";
import { LANES, type Lane } from "@prewarm/shared/job";
import type * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { readDuration, readTime } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";

const GATE = Gate.pick({ paused: true, pauses: true });

export const pauseCommand: Command = laneCommand({
  name: "pause",
  description: "Start no new work in a lane, or in all",
  more: "Jobs at Ittybit end, and viewers get originals.",
  flags: {
    reason: { type: "string", valueHint: "text", description: "Why; the gate, the dashboard and the audit log say it" },
    for: { type: "string", valueHint: "duration", description: "End the pause after so long. Default: at resume" },
    until: {
      type: "string",
      valueHint: "14:05",
      description: "End the pause at a time (UTC): 14:05 of the next 24 hours, or 2026-11-24T14:05",
    },
  },
  examples: [
    "prewarm pause bulk --reason 'sale until noon' --for 2h",
    "prewarm pause live upload --until 14:05",
    "prewarm pause",
  ],
  wish: (args, now) => ({ reason: args.text("reason"), until: endOf(args, now) }),
});

const DAY_MS = 86_400_000;

/** When a pause ends, Unix ms; null: at resume. */
function endOf(args: Arguments, now: number): number | null {
  const [length, time] = [args.text("for"), args.text("until")];
  if (length !== null && time !== null) throw usageError("Say either --for or --until.");
  if (length !== null) return now + readDuration(length, "--for") * 1000;
  if (time === null) return null;
  const { at, isOfDay } = readTime(time, "--until", now);
  const end = isOfDay && at <= now ? at + DAY_MS : at;
  if (end <= now) throw usageError(`--until ${time} is past.`);
  return end;
}

export const resumeCommand: Command = laneCommand({
  name: "resume",
  description: "Resume a paused lane, or all",
  flags: {},
  examples: ["prewarm resume bulk", "prewarm resume"],
  wish: () => false,
});

interface LaneCommand extends Pick<Command, "name" | "description" | "more" | "flags" | "examples"> {
  /** What the gate is asked for, for each lane. `now`: Unix ms. */
  wish(args: Arguments, now: number): false | { reason: string | null; until: number | null };
}

function laneCommand({ wish, ...command }: LaneCommand): Command {
  return {
    ...command,
    operands: {
      hint: "[lane…]",
      description: `${LANES.join(", ")}; none: all of them`,
      min: 0,
      max: LANES.length,
      options: LANES,
    },
    async run(args, context): Promise<ExitCode> {
      const lanes: readonly Lane[] = args.operands.length === 0 ? LANES : args.operands.map(readLane);
      const asked = wish(args, context.clock.now());
      const body = { paused: Object.fromEntries(lanes.map((lane) => [lane, asked])) };
      const api = createControlApi(readControlSettings(args, context), context);
      const gate = await api.call("PATCH /api/v1/gate", { body }, GATE, { what: command.name });
      const report = createReport(args, context);
      if (report.json) report.document("prewarm.gate/1", { ...gate });
      else for (const lane of LANES) report.data(`${lane.padEnd(6)}  ${stateOf(gate, lane)}`);
      return EXIT.ok;
    },
  };
}

/** `paused until 14:05 UTC: sale until noon`, when the report has printed the moment. */
function stateOf({ paused, pauses }: z.infer<typeof GATE>, lane: Lane): string {
  if (!paused[lane]) return "open";
  const { until = null, reason = null } = pauses[lane] ?? {};
  const end = until === null ? "until resumed" : `until ${new Date(until).toISOString().slice(0, 16)}Z`;
  return `paused ${end}${reason === null ? "" : `: ${reason}`}`;
}

function readLane(text: string): Lane {
  const lane = LANES.find((name) => name === text);
  if (lane === undefined) throw usageError(`“${text}” is no lane; there are ${LANES.join(", ")}.`);
  return lane;
}
