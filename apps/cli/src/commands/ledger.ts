import { Stats } from "@prewarm/control-schema/stats";
import { JOB_STATES, LANES } from "@prewarm/shared/job";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const STATS = Stats.pick({ lanes: true, deadLetters: true, ledger: true, metricErrors: true });

export const ledgerCommand: Command = {
  name: "ledger",
  description: "Rows and size of the ledger, by lane and state",
  operands: null,
  flags: {},
  examples: ["prewarm ledger", "prewarm ledger --json"],
  async run(args, context) {
    const api = createControlApi(readControlSettings(args, context), context);
    const { lanes, deadLetters, ledger, metricErrors } = await api.call("GET /api/v1/stats", {}, STATS, {
      what: "the ledger",
    });
    const report = createReport(args, context);
    if (report.json) {
      report.document("prewarm.ledger/1", { ...ledger, deadLetters, lanes, metricErrors });
      return EXIT.ok;
    }
    const { rows, bytes, limitBytes } = ledger;
    report.data(`rows          ${formatCount(rows)}`);
    report.data(`size          ${formatSize(bytes)} of ${formatSize(limitBytes)}, ${percent(bytes / limitBytes)}`);
    report.data(`dead letters  ${formatCount(deadLetters)}`);
    if (metricErrors > 0) report.data(`metrics lost  ${formatCount(metricErrors)}`);
    const counts = LANES.map((lane) => [lane, ...JOB_STATES.map((state) => formatCount(lanes[lane][state]))]);
    for (const line of formatTable([["LANE", ...JOB_STATES.map((state) => state.toUpperCase())], ...counts]))
      report.data(line);
    return EXIT.ok;
  },
};

function formatSize(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
