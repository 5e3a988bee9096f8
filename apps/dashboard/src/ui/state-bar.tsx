import type { CountsByState } from "@prewarm/control-schema/words";
import { count } from "../lib/format.ts";
import { STATES } from "../lib/job-filter.ts";

const ORDER = [
  "stored",
  "dead",
  "refused",
  "cancelled",
  "processing",
  "retrying",
  "queued",
] as const satisfies readonly (typeof STATES)[number][];

/** The states of a run's variants as one bar. States that are ends come first, so that the bar fills from the left. */
export function StateBar({ states, total }: { states: CountsByState; total: number }) {
  const sum = Math.max(
    total,
    STATES.reduce((all, state) => all + states[state], 0),
    1,
  );
  const words = ORDER.filter((state) => states[state] > 0).map((state) => `${count(states[state])} ${state}`);
  const open = sum - STATES.reduce((all, state) => all + states[state], 0);
  return (
    <div class="state-bar" role="img" aria-label={words.join(", ") || "nothing yet"}>
      {ORDER.filter((state) => states[state] > 0).map((state) => (
        <i key={state} data-state={state} style={{ flexGrow: states[state] / sum }} />
      ))}
      <i style={{ flexGrow: open / sum }} />
    </div>
  );
}
