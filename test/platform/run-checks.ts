import type { Assumption } from "./assumption.ts";
import { type Judged, judge } from "./expect.ts";
import type { Lab } from "./lab.ts";

export type Results = Record<string, Judged>;

/** Runs every check: those that disturb nobody at once, the others after them. An error is a difference, and says why. */
export async function runChecks(
  assumptions: readonly Assumption[],
  lab: Lab,
  told: (name: string, judged: Judged) => void = () => {},
): Promise<Results> {
  const results: Results = {};
  const run = async ({ name, check }: Assumption): Promise<void> => {
    if (check === null) return;
    const judged = await check.observe(lab).then(
      (facts) => judge(check.expects, facts),
      (error: unknown): Judged => ({
        verdict: "differs",
        saw: `the check ended with an error: ${error instanceof Error ? error.message : error}`,
      }),
    );
    results[name] = judged;
    told(name, judged);
  };
  const checked = assumptions.filter(({ check }) => check !== null);
  await Promise.all(checked.filter(({ check }) => check?.alone !== true).map(run));
  for (const assumption of checked) if (assumption.check?.alone === true) await run(assumption);
  return results;
}
