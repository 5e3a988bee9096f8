import type { Assumption } from "./assumption.ts";
import type { Judged } from "./expect.ts";
import type { AllRecorded, Place } from "./results.ts";

export const NEVER_RUN = "never run";
export const ONLY_ASSUMED = "only assumed";

/** The rows of the table: assumption, documented, observed locally, observed on Cloudflare. */
export function conformanceRows(assumptions: readonly Assumption[], recorded: AllRecorded): string[][] {
  return assumptions.map((assumption) => [
    `${assumption.assumes} (\`${assumption.where}\`)`,
    documentedCell(assumption),
    observedCell(assumption, recorded, "local"),
    observedCell(assumption, recorded, "cloudflare"),
  ]);
}

function documentedCell({ documented }: Assumption): string {
  return documented?.page ?? "not found";
}

function observedCell({ name, check }: Assumption, recorded: AllRecorded, place: Place): string {
  if (check === null) return ONLY_ASSUMED;
  const judged = recorded[place]?.results[name];
  if (judged === undefined) return NEVER_RUN;
  return judged.verdict === "as assumed" ? judged.verdict : observed(judged);
}

/** A verdict with what was seen. */
export function observed({ verdict, saw }: Judged): string {
  return `**${verdict}**: ${saw}`;
}

/** What the table amounts to, in two sentences. */
export function conformanceSummary(assumptions: readonly Assumption[], recorded: AllRecorded): string {
  const unchecked = assumptions.filter(({ check }) => check === null).length;
  return [
    `${assumptions.length} assumptions; ${unchecked} of them cannot be provoked by a check.`,
    ...(["local", "cloudflare"] as const).map((place) => placeSummary(recorded, place)),
  ].join(" ");
}

function placeSummary(recorded: AllRecorded, place: Place): string {
  const name = place === "local" ? "Locally" : "On Cloudflare";
  const run = recorded[place];
  if (run === null) return `${name}: ${NEVER_RUN}, so every row is only assumed there.`;
  const counts = Map.groupBy(Object.values(run.results), ({ verdict }) => verdict);
  const told = [...counts].map(([verdict, all]) => `${all.length} ${verdict}`).join(", ");
  return `${name} (${run.on}, ${run.day}): ${told}.`;
}
