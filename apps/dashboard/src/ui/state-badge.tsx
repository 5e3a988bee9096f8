import type { JobState } from "@prewarm/control-client/schema";

/** A state: its colour never speaks alone. */
export function StateBadge({ state }: { state: JobState | "running" | "done" | "accepting" }) {
  return (
    <span class="badge" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {state}
    </span>
  );
}
