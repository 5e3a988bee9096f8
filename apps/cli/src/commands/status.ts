import type { Pace } from "@prewarm/control-schema/pace";
import { Stats } from "@prewarm/control-schema/stats";
import { Health, Trouble } from "@prewarm/control-schema/troubles";
import { JOB_STATES, LANES, type Lane } from "@prewarm/shared/job";
import { doneWords } from "@prewarm/shared/words";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { failedCount, formatRunJson, getRun, hasEnded, SeenRun } from "../api/runs.ts";
import { type Arguments, type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { waitForRun } from "../steps/wait-for-run.ts";
import { formatCount, formatSeconds } from "../terminal/progress.ts";
import { createReport, type Report } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

const RUNS_SHOWN = 20;

const STATS = z.object({
  health: Health.pick({ sentence: true }),
  lanes: Stats.shape.lanes,
  pace: Stats.shape.pace,
  ...Stats.pick({ deadLetters: true, ledger: true, metricErrors: true }).shape,
  troubles: z.array(Trouble.pick({ part: true, level: true, sentence: true, cure: true, acknowledged: true })),
});
const RUNS = z.object({ runs: z.array(SeenRun) });

export const statusCommand: Command = {
  name: "status",
  description: "Show how everything stands, or one run",
  more: "All: health, lanes, the ledger's rows and size, and the latest runs.",
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
  if (report.json) report.document("prewarm.run/1", formatRunJson(view));
  else for (const line of formatRun(view)) report.data(line);
  return hasEnded(view) && failedCount(view) > 0 ? EXIT.failed : EXIT.ok;
}

async function watch(
  run: string,
  args: Arguments,
  context: Context,
  api: ControlApi,
  report: Report,
): Promise<SeenRun> {
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

function formatRun(view: SeenRun): string[] {
  const { run, label, lane, state, done, total, states, pace, timeToReady } = view;
  const duration = (ms: number | null): string => (ms === null ? "–" : formatSeconds(ms / 1000));
  return [
    `run      ${run}${label === null ? "" : ` (${label})`}`,
    `lane     ${lane}`,
    `state    ${state}`,
    `done     ${formatCount(done)} of ${formatCount(total)} variants`,
    ...JOB_STATES.filter((name) => states[name] > 0).map(
      (name) => `  ${name.padEnd(10)}  ${formatCount(states[name])}`,
    ),
    // Of a run that has ended it would be how fast it was taken back.
    ...(hasEnded(view) ? [] : [`rate     ${rateOf(pace)}`, `done at  ${formatDoneAt(pace)}`]),
    ...formatPrice(view),
    ...(timeToReady.p50 === null
      ? []
      : [`ready    half within ${duration(timeToReady.p50)}, 95 % within ${duration(timeToReady.p95)}`]),
  ];
}

async function showAll(api: ControlApi, report: Report): Promise<void> {
  const stats = await api.call("GET /api/v1/stats", {}, STATS, { what: "status" });
  const { runs } = await api.call("GET /api/v1/runs", { query: { limit: RUNS_SHOWN } }, RUNS, { what: "runs" });
  if (report.json) return report.document("prewarm.status/1", { ...stats, runs: runs.map(formatRunJson) });
  for (const line of formatStats(stats)) report.data(line);
  report.data("");
  const rows = runs.map((run) => [
    run.run,
    run.state,
    run.lane,
    progressOf(run),
    `${run.states.dead + run.states.refused}`,
    `${run.states.cancelled}`,
    run.label ?? "",
  ]);
  for (const line of formatTable([["RUN", "STATE", "LANE", "DONE", "FAILED", "CANCELLED", "LABEL"], ...rows]))
    report.data(line);
}

function formatStats({ health, troubles, lanes, pace, ...held }: z.infer<typeof STATS>): string[] {
  const counts = (lane: Lane) => JOB_STATES.map((state) => formatCount(lanes[lane][state]));
  const rows = LANES.map((lane) => [lane, ...counts(lane), formatDoneAt(pace[lane])]);
  const head = ["LANE", ...JOB_STATES.map((state) => state.toUpperCase()), "DONE AT"];
  return [...formatTroubles(health, troubles), "", ...formatTable([head, ...rows]), "", ...formatLedger(held)];
}

function formatLedger({ ledger, deadLetters, metricErrors }: Pick<Stats, "ledger" | "deadLetters" | "metricErrors">) {
  const { rows, bytes, limitBytes } = ledger;
  const share = ((100 * bytes) / limitBytes).toFixed(1);
  return [
    `ledger        ${formatCount(rows)} rows, ${formatSize(bytes)} of ${formatSize(limitBytes)}, ${share} %`,
    `dead letters  ${formatCount(deadLetters)}`,
    ...(metricErrors > 0 ? [`metrics lost  ${formatCount(metricErrors)}`] : []),
  ];
}

function formatSize(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The headline with its cure, then every further trouble that nobody has acknowledged. */
function formatTroubles({ sentence }: Pick<Health, "sentence">, troubles: z.infer<typeof STATS>["troubles"]): string[] {
  const loud = troubles.filter(({ level, acknowledged }) => level !== "note" && acknowledged === null);
  const [first, ...others] = loud;
  if (first === undefined) return [sentence];
  const line = ({ part, sentence: said, cure }: (typeof loud)[number]) => `${part}: ${said} ${cure}`.trimEnd();
  return [line(first), ...others.map((one) => `also ${line(one)}`)];
}

function rateOf({ perSecond }: Pace): string {
  return perSecond === null ? "not known" : `${perSecond.toFixed(1)}/s`;
}

/** When it is done (UTC) and between when, or why that is not known. */
function formatDoneAt(pace: Pace | undefined): string {
  if (pace === undefined) return "";
  const words = doneWords(pace, (at) => new Date(at).toISOString().slice(0, 16).replace("T", " "));
  return words === null ? (pace.why ?? "") : `${words} UTC`;
}

/** What the run costs in all. Nothing where no price is set. */
function formatPrice({ paid, pace: { amountLeft } }: SeenRun): string[] {
  if (paid?.amount == null || amountLeft === null) return [];
  const [sum, of, left] = [paid.amount + amountLeft, paid.amount, amountLeft].map((amount) => amount.toFixed(2));
  return [`price    ${sum}: ${of} paid, ${left} left`];
}

function progressOf({ done, total }: SeenRun): string {
  return `${formatCount(done)}/${formatCount(total)}`;
}
