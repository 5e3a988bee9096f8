import type { Run } from "@prewarm/control-schema/runs";
import { StateBadge } from "./state-badge.tsx";

/** The state; of a run that is done, how it came out. */
export function RunOutcome({ run }: { run: Run }) {
  if (run.state === "cancelled" && run.done < run.total) return <StateBadge state="cancelling" />;
  if (run.outcome === null || run.outcome === "ok") return <StateBadge state={run.state} />;
  const words = run.outcome === "failed" ? "failed" : "done with failures";
  return <span class={run.outcome === "failed" ? "pill bad" : "pill warn"}>{words}</span>;
}
