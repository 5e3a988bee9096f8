import type { ControlApi } from "../api/control-api.ts";
import { failedCount, getRun, hasEnded, type SeenRun } from "../api/runs.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import type { Progress } from "../terminal/progress.ts";
import { whyWaiting } from "./why-waiting.ts";

/** Between two looks, in ms: a short run ends quickly, a long one does not change much. */
const LOOK_FIRST_MS = 250;
const LOOK_LAST_MS = 2000;
/** Without progress for this long the API is asked why, in ms. */
const STALLED_MS = 5000;
/** Codes of the gate that last: somebody has to raise the budget, or the month has to end. */
const SPENT = /budget/;

export interface Waiting {
  api: ControlApi;
  context: Context;
  progress: Progress;
  /** Unix ms. */
  deadline: number;
  /** More dead, refused and cancelled variants than this: stop waiting, exit code 5. Null: no limit. */
  maxErrors: number | null;
}

/** Resolves when the run has ended. Throws 4 at the deadline, 5 at a limit, 130 when interrupted; the run itself goes on in all of them. */
export async function waitForRun(run: string, waiting: Waiting): Promise<SeenRun> {
  const { api, context, progress, deadline, maxErrors } = waiting;
  const stalled = createStallWatch(waiting);
  for (let pauseMs = LOOK_FIRST_MS; ; pauseMs = Math.min(LOOK_LAST_MS, pauseMs * 1.5)) {
    const view = await getRun(api, run, deadline);
    progress.update(snapshotOf(view));
    if (hasEnded(view)) return view;
    const failed = failedCount(view);
    if (maxErrors !== null && failed > maxErrors)
      throw new CliError(
        EXIT.limit,
        `Stopped waiting: ${failed} variants failed, --max-errors is ${maxErrors}.`,
        goesOn(run),
      );
    await stalled(view);
    if (context.clock.now() >= deadline) throw await timedOut(view, api);
    await context.sleep(Math.min(pauseMs, Math.max(1, deadline - context.clock.now())), context.interrupts.stop);
    if (context.interrupts.stop.aborted) throw interrupted();
  }
}

async function timedOut(view: SeenRun, api: ControlApi): Promise<CliError> {
  const done = `Not done when --timeout ran out: ${view.done} of ${view.total} variants.`;
  const [reason] = await whyWaiting(api, view).catch(() => []);
  return new CliError(EXIT.unreachable, reason === undefined ? done : `${done} ${reason.message}`, goesOn(view.run));
}

function goesOn(run: string): string {
  return `The run goes on without us: prewarm status ${run} --watch, or prewarm cancel ${run}`;
}

/** When a run makes no progress, says why: each reason once. */
function createStallWatch({ api, context, progress }: Waiting): (view: SeenRun) => Promise<void> {
  let done = -1;
  let movedAt = context.clock.now();
  const told = new Set<string>();
  return async (view) => {
    const now = context.clock.now();
    if (view.done !== done) [done, movedAt] = [view.done, now];
    if (now - movedAt < STALLED_MS) return;
    movedAt = now;
    for (const reason of await whyWaiting(api, view)) {
      if (SPENT.test(reason.code))
        throw new CliError(EXIT.limit, `Stopped waiting: ${reason.message}`, goesOn(view.run));
      if (!told.has(reason.code)) progress.note(`waiting: ${reason.message}`);
      told.add(reason.code);
    }
  };
}

export function snapshotOf(view: SeenRun) {
  const failed = failedCount(view);
  return { label: "making", unit: "variants", done: view.done, total: view.total, failed, throttled: 0 } as const;
}
