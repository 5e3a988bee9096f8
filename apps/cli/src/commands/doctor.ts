import type { Command } from "../command.ts";
import { createControlApi, understand } from "../control-api.ts";
import { EXIT } from "../exit-codes.ts";
import { asList, asObject, number, text, textOrNull } from "../json-fields.ts";
import { createReport } from "../report.ts";
import { readControlSettings } from "../settings.ts";
import { formatTable, printable } from "../table.ts";

export const doctorCommand: Command = {
  name: "doctor",
  description:
    "Compare ledger, queues and store, and say where they disagree; exit code 1 when something is left to mend",
  operands: null,
  flags: { fix: { type: "boolean", description: "Mend what can be mended" } },
  examples: ["prewarm doctor", "prewarm doctor --fix"],
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const findings: Finding[] = [];
    let cursor: string | null = null;
    do {
      const body = { fix: args.flag("fix"), ...(cursor === null ? {} : { cursor }) };
      const answer = await api.call("POST", "doctor", { what: "doctor", body });
      cursor = understand("doctor", () => {
        for (const entry of asList(answer.findings, "findings")) add(findings, readFinding(entry));
        return textOrNull(answer, "nextCursor");
      });
    } while (cursor !== null);
    if (report.json) report.document("prewarm.doctor/1", { findings });
    else if (findings.length === 0) report.data("Ledger, queues and store agree.");
    else {
      const rows = findings.map(({ code, count, fixed, message }) => [
        code,
        `${count}`,
        fixed ? "mended" : "open",
        printable(message),
      ]);
      for (const line of formatTable(["FINDING", "COUNT", "STATE", "WHAT"], rows)) report.data(line);
    }
    return findings.every(({ fixed }) => fixed) ? EXIT.ok : EXIT.failed;
  },
};

interface Finding {
  code: string;
  count: number;
  message: string;
  fixed: boolean;
}

function readFinding(entry: unknown): Finding {
  const finding = asObject(entry, "a finding");
  const { fixed } = finding;
  return {
    code: text(finding, "code"),
    count: number(finding, "count"),
    message: text(finding, "message"),
    fixed: fixed === true,
  };
}

/** The store is looked at in parts: what they have in common is one finding. */
function add(findings: Finding[], finding: Finding): void {
  const known = findings.find(({ code }) => code === finding.code);
  if (known === undefined) findings.push(finding);
  else Object.assign(known, { count: known.count + finding.count, fixed: known.fixed && finding.fixed });
}
