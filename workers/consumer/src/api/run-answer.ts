import type { RunView } from "../ledger/contract.ts";
import type { Run } from "./schemas/runs.ts";

/** A run as the API shows it: sums, rate and what is left at that rate. */
export function runAnswer(view: RunView): Run {
  const { states, ratePerSecond } = view;
  const left = states.queued + states.processing + states.retrying;
  const ended = states.stored + states.dead + states.cancelled;
  const isOpen = view.state === "accepting" || view.state === "running";
  const eta = ratePerSecond > 0 ? left / ratePerSecond : null;
  return {
    run: view.run,
    label: view.label,
    lane: view.lane,
    state: view.state,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    endedAt: view.endedAt,
    accepted: view.accepted,
    duplicates: view.duplicates,
    existing: view.existing,
    total: left + ended,
    done: ended,
    states,
    ratePerSecond,
    etaSeconds: isOpen && left > 0 ? eta : left === 0 ? 0 : null,
    timeToReady: { p50: view.readyP50, p95: view.readyP95 },
  };
}
