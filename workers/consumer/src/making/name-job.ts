import type { BatchContext } from "./batch-context.ts";
import type { HeldClaim } from "./held-claims.ts";

/** The names by which a line of the log is found: ours, its run's, the engine's. */
export function namesOf({ assignment: { name, run, gen }, key, job }: HeldClaim) {
  return { job: name, run, ittybitJob: job, key, gen };
}

/** Runs a step of a job as a span of the same names. The calls of the step are spans below it. */
export function inSpan(
  context: BatchContext,
  claim: HeldClaim,
  step: "submit" | "finish",
  act: () => Promise<void>,
): Promise<void> {
  return context.span(`job.${step}`, async (note) => {
    try {
      await act();
    } finally {
      // At the end, because the engine names its job during the step.
      const names = Object.entries(namesOf(claim)).map(([name, value]) => [`prewarm.${name}`, value] as const);
      note(Object.fromEntries(names));
    }
  });
}
