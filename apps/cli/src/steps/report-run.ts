import { formatRunJson, type SeenRun } from "../api/runs.ts";
import type { RunState } from "../send/run-state.ts";
import { formatCount, formatSeconds } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";

/** What `warm` leaves behind: the run's id on stdout (or the document), and for people what became of it on stderr. */
export function reportRun(report: Report, { run, counts, sent }: RunState, view: SeenRun | null): void {
  report.end();
  if (report.json) {
    const outcome = view === null ? null : outcomeOf(view);
    report.document("prewarm.warm/1", { run, sent, ...counts, outcome });
    return;
  }
  report.data(run);
  const { images, bad, rejected, accepted, duplicates, existing } = counts;
  report.note(
    `${formatCount(images)} images: ${formatCount(accepted)} variants accepted, ${formatCount(duplicates)} under way already, ${formatCount(existing)} stored already`,
  );
  if (bad + rejected > 0)
    report.note(`${formatCount(bad)} lines were no image, ${formatCount(rejected)} images were refused`);
  if (view === null) {
    if (accepted + duplicates > 0) report.note(`Watch it with: prewarm status ${run} --watch`);
    return;
  }
  const { states, timeToReady } = view;
  const ready = timeToReady.p50 === null ? "" : `, half of them within ${formatSeconds(timeToReady.p50 / 1000)}`;
  report.note(
    `${formatCount(states.stored)} stored${ready}; ${formatCount(states.dead)} dead, ${formatCount(states.refused)} refused, ${formatCount(states.cancelled)} cancelled`,
  );
  for (const state of ["dead", "refused"] as const)
    if (states[state] > 0) report.note(`See why: prewarm jobs --run ${run} --state ${state}`);
}

function outcomeOf(view: SeenRun): Record<string, unknown> {
  const { total, done, states, readyMs } = formatRunJson(view);
  return { total, done, states, readyMs };
}
