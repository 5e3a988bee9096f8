import type { JobState } from "@prewarm/control-schema/words";

/** A state with its colour and its name, so that nobody has to tell colours apart. */
export function StateBadge({
  state,
}: {
  state: JobState | "running" | "done" | "accepting" | "cancelling" | "halted";
}) {
  return (
    <span class="badge" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {state}
    </span>
  );
}
