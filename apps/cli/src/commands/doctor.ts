import type { Command } from "../command.ts";
import { createControlApi, understand } from "../control-api.ts";
import { EXIT } from "../exit-codes.ts";
import { asList, asObject, number, text } from "../json-fields.ts";
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
    const answer = await api.call("POST", "doctor", { what: "doctor", body: { fix: args.flag("fix") } });
    const findings = understand("doctor", () =>
      asList(answer.findings, "findings").map((entry) => {
        const finding = asObject(entry, "a finding");
        const fixed = finding.fixed === true;
        return {
          code: text(finding, "code"),
          count: number(finding, "count"),
          message: text(finding, "message"),
          fixed,
        };
      }),
    );
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
