import { JOB_STATES, LANES } from "@prewarm/shared/job";
import { type ControlApi, createControlApi, understand } from "../api/control-api.ts";
import { asList, asObject, type Json, number, text } from "../api/json-fields.ts";
import { failedCount, getRun, hasEnded, type RunView, readRun } from "../api/run-view.ts";
import { type Arguments, type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { waitForRun } from "../steps/wait-for-run.ts";
import { formatCount, formatSeconds } from "../terminal/progress.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable, printable } from "../terminal/table.ts";

const RUNS_SHOWN = "20";

export const statusCommand: Command = {
  name: "status",
  description: "How everything stands, or one run",
  operands: { hint: "[run]", description: "A run; none: the lanes and the latest runs", min: 0, max: 1 },
  flags: {
    watch: { type: "boolean", alias: "w", description: "Follow the run to its end" },
    timeout: TIMEOUT_FLAG,
  },
  examples: ["prewarm status", "prewarm status run_4f1c9a --watch"],
  graceful: true,
  async run(args, context) {
    const [run] = args.operands;
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    if (run !== undefined) return showRun(run, args, context, api, report);
    if (args.flag("watch") || args.text("timeout") !== null) throw usageError("--watch and --timeout need a run.");
    await showAll(api, report);
    return EXIT.ok;
  },
};

async function showRun(
  run: string,
  args: Arguments,
  context: Context,
  api: ControlApi,
  report: Report,
): Promise<ExitCode> {
  const view = args.flag("watch") ? await watch(run, args, context, api, report) : await getRun(api, run);
  report.end();
  if (report.json) report.document("prewarm.run/1", { ...view });
  else for (const line of formatRun(view)) report.data(line);
  return hasEnded(view) && failedCount(view) > 0 ? EXIT.failed : EXIT.ok;
}

async function watch(
  run: string,
  args: Arguments,
  context: Context,
  api: ControlApi,
  report: Report,
): Promise<RunView> {
  const timeout = args.text("timeout");
  const deadline =
    timeout === null ? Number.POSITIVE_INFINITY : context.clock.now() + readDuration(timeout, "--timeout") * 1000;
  try {
    return await waitForRun(run, { api, context, progress: report, deadline, maxErrors: null });
  } catch (error) {
    report.end();
    if (error instanceof CliError && error.exitCode === EXIT.interrupted)
      throw new CliError(EXIT.interrupted, "Interrupted.", `The run goes on: prewarm status ${run}`);
    throw error;
  }
}

function formatRun(view: RunView): string[] {
  const { run, label, lane, state, done, total, states, ratePerSecond, etaSeconds, readyMs } = view;
  const duration = (ms: number | null): string => (ms === null ? "–" : formatSeconds(ms / 1000));
  return [
    `run      ${run}${label === null ? "" : ` (${printable(label)})`}`,
    `lane     ${lane}`,
    `state    ${state}`,
    `done     ${formatCount(done)} of ${formatCount(total)} variants`,
    ...JOB_STATES.filter((name) => states[name] > 0).map(
      (name) => `  ${name.padEnd(10)}  ${formatCount(states[name])}`,
    ),
    `rate     ${ratePerSecond.toFixed(1)}/s${etaSeconds === null ? "" : `, ETA ${formatSeconds(etaSeconds)}`}`,
    `ready    half within ${duration(readyMs.p50)}, 95 % within ${duration(readyMs.p95)}`,
  ];
}

async function showAll(api: ControlApi, report: Report): Promise<void> {
  const stats = await api.call("GET", "stats", { what: "status" });
  const page = await api.call("GET", "runs", { what: "runs", query: { limit: RUNS_SHOWN } });
  const runs = understand("runs", () => asList(page.runs, "runs").map((run) => readRun(asObject(run, "a run"))));
  const { health, lanes } = stats;
  if (report.json) return report.document("prewarm.status/1", { health, lanes, runs });
  for (const line of understand("status", () => formatStats(stats))) report.data(line);
  report.data("");
  const rows = runs.map((run) => [
    run.run,
    run.state,
    run.lane,
    progressOf(run),
    `${failedCount(run)}`,
    printable(run.label ?? ""),
  ]);
  for (const line of formatTable(["RUN", "STATE", "LANE", "DONE", "FAILED", "LABEL"], rows)) report.data(line);
}

function formatStats(stats: Json): string[] {
  const lanes = asObject(stats.lanes, "lanes");
  const rows = LANES.map((lane) => {
    const counts = asObject(lanes[lane], lane);
    return [lane, ...JOB_STATES.map((state) => formatCount(number(counts, state)))];
  });
  return [
    printable(text(asObject(stats.health, "health"), "sentence")),
    "",
    ...formatTable(["LANE", ...JOB_STATES.map((state) => state.toUpperCase())], rows),
  ];
}

function progressOf({ done, total }: RunView): string {
  return `${formatCount(done)}/${formatCount(total)}`;
}
