import { DoctorWalk, doctorAnswer, Finding } from "@prewarm/control-schema/doctor";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const SeenFinding = Finding.pick({ code: true, message: true, count: true, fixed: true });
const ANSWER = doctorAnswer.extend({ findings: z.array(SeenFinding) });

export const doctorCommand: Command = {
  name: "doctor",
  description: "Compare ledger and R2, and list or correct the differences",
  more: "Exit code 1 when a difference is left.",
  operands: null,
  flags: {
    fix: { type: "boolean", description: "Correct the differences" },
    progress: {
      type: "boolean",
      description: "Only say how far the cron's own pass over R2 has come, and when it ends",
    },
    restored: {
      type: "boolean",
      description: "First declare that an older copy of the ledger's database was put back",
    },
  },
  examples: ["prewarm doctor", "prewarm doctor --fix", "prewarm doctor --restored --fix", "prewarm doctor --progress"],
  graceful: true,
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    if (args.flag("progress")) return tellProgress(args, api, report);
    const findings = await examine({ fix: args.flag("fix"), restored: args.flag("restored") }, api, context);
    if (report.json) report.document("prewarm.doctor/1", { findings });
    else print(findings, report);
    return findings.every(({ fixed }) => fixed) ? EXIT.ok : EXIT.failed;
  },
};

async function tellProgress(args: Arguments, api: ControlApi, report: Report): Promise<ExitCode> {
  if (args.flag("fix") || args.flag("restored"))
    throw usageError("--progress only looks: leave out --fix and --restored.");
  const walk = await api.call("GET /api/v1/doctor", {}, DoctorWalk, { what: "doctor" });
  if (report.json) report.document("prewarm.doctor-progress/1", walk);
  else for (const line of formatWalk(walk)) report.data(line);
  return EXIT.ok;
}

function formatWalk({ walking, looked, expected, endsAt, restsUntil, last }: DoctorWalk): string[] {
  const number = (n: number): string => n.toLocaleString("en");
  const end = endsAt === null ? "" : `, ends about ${minuteOf(endsAt)}`;
  const rest = restsUntil ? `Resting until ${minuteOf(restsUntil)}` : "The first pass begins within a minute.";
  const now = walking
    ? `Walking: ${number(looked)} of about ${number(Math.max(looked, expected))} objects${end}`
    : rest;
  if (last === null) return [now, "No pass has ended yet."];
  const minutes = Math.max(1, Math.round(last.tookMs / 60_000));
  return [now, `Last pass: ${number(last.objects)} objects in ${number(minutes)} min, ended ${minuteOf(last.endedAt)}`];
}

/** To the minute, UTC. */
function minuteOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

type Found = z.infer<typeof SeenFinding>;

/** One request looks at a part of the store: asks until all of it has been seen, and adds up by cause. */
async function examine(
  { fix, restored }: { fix: boolean; restored: boolean },
  api: ControlApi,
  context: Context,
): Promise<Found[]> {
  const sending = { what: "doctor" };
  const found = new Map<string, Found>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (context.interrupts.stop.aborted) throw interrupted();
    const body = { fix, cursor, ...(restored && cursor === "" ? { restored } : {}) };
    const answer: z.infer<typeof ANSWER> = await api.call("POST /api/v1/doctor", { body }, ANSWER, sending);
    for (const { code, message, count, fixed } of answer.findings) {
      const before = found.get(code) ?? { code, message, count: 0, fixed: true };
      found.set(code, { ...before, count: before.count + count, fixed: before.fixed && fixed });
    }
    cursor = answer.nextCursor;
  }
  return [...found.values()];
}

function print(findings: readonly Found[], report: Report): void {
  if (findings.length === 0) report.data("Ledger and store agree.");
  else {
    const rows = findings.map(({ code, count, fixed, message }) => [
      code,
      `${count}`,
      fixed ? "mended" : "open",
      message,
    ]);
    for (const line of formatTable([["FINDING", "COUNT", "STATE", "WHAT"], ...rows])) report.data(line);
  }
}
