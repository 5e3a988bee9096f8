import { type ControlApi, createControlApi } from "../api/control-api.ts";
import { failedCount, type SeenRun, sumOfRuns } from "../api/runs.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import { readControlSettings, readEdgeUrl, readKnownEdgeUrl } from "../arguments/settings.ts";
import type { Namer } from "../input/item.ts";
import { type InputSpec, readInputSpec, readsOnlyStdin, readsStdin } from "../input/read-input.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../platform/exit-codes.ts";
import { type Complaints, createComplaints } from "../send/complaints.ts";
import { estimateRun } from "../send/estimate-run.ts";
import { createStateStore, newRunState, type RunState, type StateStore } from "../send/run-state.ts";
import { checkSentInput, sendRun } from "../send/send-run.ts";
import { FIXED_BY_RUN, WARM_FLAGS } from "../send/warm-flags.ts";
import { readMaxErrors, readRateFlag, readWarmOptions } from "../send/warm-options.ts";
import { retryFailed } from "../steps/act.ts";
import { reportRun, watchCommand } from "../steps/report-run.ts";
import { siteNamer } from "../steps/site-namer.ts";
import { waitForRun } from "../steps/wait-for-run.ts";
import { formatCount, formatSeconds } from "../terminal/progress.ts";
import { createReport, type Report } from "../terminal/report.ts";

export const warmCommand: Command = {
  name: "warm",
  description: "Make variants before anyone asks for them",
  operands: {
    hint: "[image…]",
    description: "Image ids, or URLs of originals or images; `-` is stdin",
    min: 0,
    max: Number.POSITIVE_INFINITY,
  },
  flags: WARM_FLAGS,
  examples: [
    "prewarm warm photo-abc123 --wait",
    "prewarm warm --file images.csv --recipe upload --label 'whole library'",
    "prewarm warm --sitemap https://www.example.com/sitemap.xml --preset card --wait",
    "prewarm warm --s3-inventory 2026-11-29T01-00Z/manifest.json --label 'whole bucket'",
    "prewarm warm --html dist --wait --edge-url https://images.example.com",
    "prewarm warm photo-abc123 --v 2 --wait",
    "psql -Atc 'select id from images' | prewarm warm --rate 500/s",
    "prewarm warm --resume last",
  ],
  graceful: true,
  async run(args, context) {
    if (args.flag("wait") && args.flag("detach")) throw usageError("--wait and --detach contradict each other.");
    if (args.flag("retry-failed") && args.text("resume") === null)
      throw usageError("--retry-failed needs --resume and the run.", "prewarm retry takes any filter.");
    const report = createReport(args, context);
    const stopping = (): void =>
      report.note("Stopping. What is under way is finished first; Ctrl-C again stops at once.");
    context.interrupts.stop.addEventListener("abort", stopping);
    try {
      return await warm(args, context, report);
    } finally {
      report.end();
    }
  },
};

/** What all of a warm command's steps share. */
interface Warming {
  args: Arguments;
  context: Context;
  report: Report;
  api: ControlApi;
  store: StateStore;
  complaints: Complaints;
  deadline: number;
}

async function warm(args: Arguments, context: Context, report: Report): Promise<ExitCode> {
  const settings = readControlSettings(args, context);
  const timeout = args.text("timeout");
  const warming: Warming = {
    args,
    context,
    report,
    api: createControlApi(settings, context),
    store: createStateStore(context.cwd),
    complaints: createComplaints(report.note, readMaxErrors(args)),
    deadline:
      timeout === null ? Number.POSITIVE_INFINITY : context.clock.now() + readDuration(timeout, "--timeout") * 1000,
  };
  const state = readState(warming, settings.url);
  if (args.flag("dry-run")) return dryRun(state, warming);
  await send(state, warming);
  if (state.counts.images === 0) return finishEmpty(state, warming);
  if (args.flag("retry-failed")) for (const run of state.runs) await retryFailed(warming.api, context, run, report);
  const view = args.flag("wait") ? await wait(state, warming) : null;
  warming.complaints.end();
  reportRun(report, state, view);
  return finish(state, view, warming);
}

/** The resumed run's state, or a new run's. */
function readState({ args, context, store }: Warming, url: string): RunState {
  const resume = args.text("resume");
  if (resume === null)
    return newRunState(
      url,
      readInputSpec(args, context.stdin.isTTY === true),
      readWarmOptions(args),
      context.clock.now(),
    );
  const state = store.load(resume);
  checkUnchanged(args, context, state);
  if (state.url !== url)
    throw usageError(`${state.run} was sent to ${state.url}, not to ${url}.`, "Set PREWARM_URL to it.");
  return state;
}

/** A line that is written once, as in CI, says its flags again: the same ones as before, or none. */
function checkUnchanged(args: Arguments, { stdin }: Context, { input, options }: RunState): void {
  const given = FIXED_BY_RUN.find((name) =>
    WARM_FLAGS[name].type === "boolean" ? args.flag(name) : args.list(name).length > 0,
  );
  if (given === undefined) {
    checkOperands(args.operands, input);
    return;
  }
  const said = readWarmOptions(args);
  // The size of chunks follows --rate, which may change.
  const isSame =
    JSON.stringify(readInputSpec(args, stdin.isTTY === true)) === JSON.stringify(input) &&
    JSON.stringify({ ...said, chunkItems: options.chunkItems }) === JSON.stringify(options);
  if (!isSame)
    throw usageError(
      `--${given} cannot change while a run is resumed; it keeps what it began with.`,
      "Say all its flags as they were, or none.",
    );
}

function checkOperands(given: readonly string[], input: InputSpec): void {
  if (given.length > 0 && given.join("\n") !== input.operands.join("\n"))
    throw usageError("A resumed run keeps the images it began with; only `-` for stdin may be said again.");
}

/** Which run goes on: `last` may be another one than its caller thinks. */
function introduce({ run, beganAt, counts, sent, options }: RunState, { report, context }: Warming): void {
  const ago = formatSeconds((context.clock.now() - beganAt) / 1000);
  const label = options.label === null ? "" : ` (${options.label})`;
  const rest = sent ? "all of it was sent, nothing is left to send" : "going on from there";
  report.note(`Resuming ${run}${label}, begun ${ago} ago: ${formatCount(counts.images)} images accepted, ${rest}.`);
}

async function send(state: RunState, warming: Warming): Promise<void> {
  const { args, context, report, store } = warming;
  if (args.text("resume") !== null) introduce(state, warming);
  if (state.sent) {
    const piped = readsOnlyStdin(state.input) && context.stdin.isTTY !== true;
    if (piped) await checkSentInput(state, { context, namer: await namerFor(state, args, context) });
    return;
  }
  const rate = readRateFlag(args);
  store.save(state);
  try {
    await sendRun(state, { ...warming, namer: await namerFor(state, args, context), rate, update: report.update });
  } catch (error) {
    // Nothing was sent, so there is nothing to resume.
    const isOver = error instanceof CliError && error.exitCode === EXIT.usage && state.chunks === 0;
    if (isOver) store.remove(state.run);
    throw isOver ? error : withResume(error, state);
  }
}

/** Adds the command that resumes the run to a failure. A usage error with a hint stays as it is: the user has to correct it first. */
function withResume(error: unknown, state: RunState): unknown {
  if (!(error instanceof CliError) || (error.exitCode === EXIT.usage && error.hints.length > 0)) return error;
  const pipe = readsStdin(state.input) ? " (and give it the same stdin)" : "";
  const goOn = `${state.counts.images} images are accepted. Go on with: prewarm warm --resume ${state.run}${pipe}`;
  return new CliError(error.exitCode, error.message, ...error.hints, goOn);
}

async function wait(state: RunState, { api, args, context, deadline, report }: Warming): Promise<SeenRun | null> {
  const { accepted, duplicates } = state.counts;
  if (accepted + duplicates === 0) return null;
  try {
    const waiting = { api, context, progress: report, deadline, maxErrors: readMaxErrors(args) };
    const views: SeenRun[] = [];
    for (const run of state.runs) views.push(await waitForRun(run, waiting));
    return sumOfRuns(views);
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.interrupted) throw error;
    const hint = `Everything is accepted and goes on without us: ${watchCommand(state)}`;
    throw new CliError(EXIT.interrupted, error.message, hint);
  }
}

function finish(state: RunState, view: SeenRun | null, { args, store }: Warming): ExitCode {
  const { bad, rejected } = state.counts;
  const failed = view === null ? 0 : failedCount(view);
  const clean = bad + rejected + failed === 0;
  // Nothing is left to resume, so the state file is not needed any more.
  if (clean && args.flag("wait")) store.remove(state.run);
  return clean ? EXIT.ok : EXIT.failed;
}

/** The input named no image, so there is no run and nothing to resume. */
function finishEmpty({ run, counts, sent, input }: RunState, { report, store, complaints, args }: Warming): ExitCode {
  store.remove(run);
  complaints.end();
  report.end();
  if (report.json) report.document("prewarm.warm/1", { run: null, runs: [], sent, ...counts, outcome: null });
  if (counts.bad > 0) report.note("There is nothing to warm: the input names no image.");
  else checkEmpty(args, input, report);
  return counts.bad === 0 ? EXIT.ok : EXIT.failed;
}

/** A pattern that no longer matches would let a build go on cold, so an empty input is an error unless it is said to be fine. */
function checkEmpty(args: Arguments, { pages }: InputSpec, report: Report): void {
  const nothing = "There is nothing to warm: the input names no image";
  if (args.flag("allow-empty")) {
    report.note(`${nothing}.`);
    return;
  }
  if (pages.places.length === 0) throw usageError(`${nothing}.`, "Add --allow-empty where that may be.");
  throw usageError(
    `${nothing} of the edge.`,
    "Is --edge-url (or PREWARM_EDGE_URL) the address in the pages? Relative ones need --site. Add --allow-empty where there may be none.",
  );
}

async function dryRun(state: RunState, warming: Warming): Promise<ExitCode> {
  const { args, context, report, complaints } = warming;
  const namer = await namerFor(state, args, context);
  const { images, failed } = await estimateRun(state, { ...warming, namer, report });
  complaints.end();
  if (images === 0 && failed === 0) checkEmpty(args, state.input, report);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function namerFor({ input }: RunState, args: Arguments, context: Context): Promise<Namer> {
  // Pages name images by the edge's address, so without it none could be found.
  const edgeUrl = input.pages.places.length > 0 ? readEdgeUrl(args, context) : readKnownEdgeUrl(args, context);
  return siteNamer(args, context, edgeUrl);
}
