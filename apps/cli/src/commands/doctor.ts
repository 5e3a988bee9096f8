import { type ControlApi, createControlApi, understand } from "../api/control-api.ts";
import { asList, asObject, type Json, number, text, textOrNull } from "../api/json-fields.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable, printable } from "../terminal/table.ts";

interface Finding {
  code: string;
  message: string;
  count: number;
  /** Nothing of it is left. */
  fixed: boolean;
}

export const doctorCommand: Command = {
  name: "doctor",
  description: "Compare ledger and store, and say where they disagree; exit code 1 when something is left to mend",
  operands: null,
  flags: { fix: { type: "boolean", description: "Mend what can be mended" } },
  examples: ["prewarm doctor", "prewarm doctor --fix"],
  graceful: true,
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const findings = await examine(args.flag("fix"), api, context);
    if (report.json) report.document("prewarm.doctor/1", { findings });
    else print(findings, report);
    return findings.every(({ fixed }) => fixed) ? EXIT.ok : EXIT.failed;
  },
};

/** One request looks at a part of the store: asks until all of it has been seen, and adds up by cause. */
async function examine(fix: boolean, api: ControlApi, context: Context): Promise<Finding[]> {
  const found = new Map<string, Finding>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    if (context.interrupts.stop.aborted) throw interrupted();
    const answer: Json = await api.call("POST", "doctor", { what: "doctor", body: { fix, cursor } });
    for (const finding of understand("doctor", () => asList(answer.findings, "findings").map(readFinding))) {
      const { code, message, count, fixed } = finding;
      const before = found.get(code) ?? { code, message, count: 0, fixed: true };
      found.set(code, { ...before, count: before.count + count, fixed: before.fixed && fixed });
    }
    cursor = understand("doctor", () => textOrNull(answer, "nextCursor"));
  }
  return [...found.values()];
}

function readFinding(entry: unknown): Finding {
  const finding = asObject(entry, "a finding");
  const { fixed } = finding;
  return {
    code: text(finding, "code"),
    message: text(finding, "message"),
    count: number(finding, "count"),
    fixed: fixed === true,
  };
}

function print(findings: readonly Finding[], report: Report): void {
  if (findings.length === 0) report.data("Ledger and store agree.");
  else {
    const rows = findings.map(({ code, count, fixed, message }) => [
      code,
      `${count}`,
      fixed ? "mended" : "open",
      printable(message),
    ]);
    for (const line of formatTable(["FINDING", "COUNT", "STATE", "WHAT"], rows)) report.data(line);
  }
}
