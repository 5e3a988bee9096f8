import { counted } from "@prewarm/shared/words";
import { formatRunJson, type SeenRun } from "../api/runs.ts";
import type { RunState } from "../send/run-state.ts";
import { formatCount, formatSeconds } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";

/**
 * What `warm` leaves behind: the ids of its runs on stdout (or the document), and for people what became of them on stderr.
 * `view`: of all runs together.
 */
export function reportRun(report: Report, state: RunState, view: SeenRun | null): void {
  const { run, runs, counts, sent } = state;
  report.end();
  if (report.json) {
    const outcome = view === null ? null : outcomeOf(view);
    report.document("prewarm.warm/1", { run, runs, sent, ...counts, outcome });
    return;
  }
  for (const one of runs) report.data(one);
  const { images, bad, rejected, passedThrough, accepted, duplicates } = counts;
  report.note(sentLine(images, counts));
  if (passedThrough > 0) report.note(`${formatCount(passedThrough)} passed through: the edge serves them as they are`);
  if (bad + rejected > 0)
    report.note(`${formatCount(bad)} lines were no image, ${formatCount(rejected)} images were refused`);
  if (view === null) {
    if (accepted > 0) report.note("Of the accepted variants, what is stored already costs no job.");
    if (accepted + duplicates > 0) report.note(`Watch it with: ${watchCommand(state)}`);
    return;
  }
  const { states, timeToReady } = view;
  const ready = timeToReady.p50 === null ? "" : `, half of them within ${formatSeconds(timeToReady.p50 / 1000)}`;
  const { existing: before } = view;
  const parts = before === 0 ? "" : `: ${formatCount(states.stored - before)} made now, ${formatCount(before)} before`;
  report.note(
    `${formatCount(states.stored)} stored${parts}${ready}; ${formatCount(states.dead)} dead, ${formatCount(states.refused)} refused, ${formatCount(states.cancelled)} cancelled`,
  );
  for (const one of ["dead", "refused"] as const)
    if (states[one] > 0) report.note(`See why: prewarm jobs${only(state, " --run ")} --state ${one}`);
}

/** The command that shows the run, or all of them. */
export function watchCommand(state: RunState): string {
  return state.runs.length > 1 ? "prewarm status" : `prewarm status ${only(state)} --watch`;
}

/** The run's id, unless there are several. */
function only({ run, runs }: RunState, before = ""): string {
  return runs.length > 1 ? "" : `${before}${runs[0] ?? run}`;
}

/**
 * What the server did with what was sent. Two addresses of a picture are two items. The ledger has no row of most stored variants, and counts
 * them as accepted.
 */
export function sentLine(items: number, { accepted, duplicates, existing }: SentCounts): string {
  const known = existing === 0 ? "" : `, ${formatCount(existing)} known to be stored`;
  return `${counted(items, "item")}: ${formatCount(accepted)} variants accepted, ${formatCount(duplicates)} under way already${known}`;
}

type SentCounts = Pick<RunState["counts"], "accepted" | "duplicates" | "existing">;

function outcomeOf(view: SeenRun): Record<string, unknown> {
  const { total, done, states, existing, readyMs } = formatRunJson(view);
  return { total, done, states, existing, readyMs };
}
