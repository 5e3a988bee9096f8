import { LANES } from "@prewarm/shared/job";
import type { GateView } from "./ledger-port.ts";
import type { Gate } from "./schemas/gate.ts";

type Reason = Gate["reasons"][number];

/** The gate as the API shows it: with what the budget has left and why anything is held back. */
export function gateAnswer(view: GateView, now: number): Gate {
  const budget = budgetAnswer(view.budget);
  return {
    paused: { live: view.paused.live, upload: view.paused.upload, bulk: view.paused.bulk },
    breaker: view.breaker,
    rate: view.rate,
    concurrency: view.concurrency,
    budget,
    throttledUntil: view.throttledUntil !== null && view.throttledUntil > now ? view.throttledUntil : null,
    reasons: [...breakerReason(view), ...throttleReason(view, now), ...pauseReasons(view), ...budgetReasons(budget)],
    updatedAt: view.updatedAt,
  };
}

function budgetAnswer(budget: GateView["budget"]): Gate["budget"] {
  const { monthlyJobs, warmingShare, used, usedByLane, alertLevels } = budget;
  const part = monthlyJobs === null ? 0 : used / Math.max(1, monthlyJobs);
  const passed = alertLevels.filter((level) => monthlyJobs !== null && part >= level);
  const warming = usedByLane.upload + usedByLane.bulk;
  return {
    ...budget,
    alert: passed.length === 0 ? null : Math.max(...passed),
    exhausted: {
      live: monthlyJobs !== null && used >= monthlyJobs,
      warming: monthlyJobs !== null && (used >= monthlyJobs || warming >= monthlyJobs * warmingShare),
    },
  };
}

function breakerReason({ breaker }: GateView): Reason[] {
  if (breaker.state === "closed") return [];
  const message = breaker.reason ?? "Ittybit refuses our jobs.";
  return [{ lane: null, code: "breaker_open", message, until: breaker.probeAt }];
}

function throttleReason({ throttledUntil }: GateView, now: number): Reason[] {
  if (throttledUntil === null || throttledUntil <= now) return [];
  return [{ lane: null, code: "throttled", message: "Ittybit asked to slow down (429).", until: throttledUntil }];
}

function pauseReasons({ paused }: GateView): Reason[] {
  return LANES.filter((lane) => paused[lane]).map((lane) => {
    return { lane, code: "paused", message: `An operator paused the lane ${lane}.`, until: null };
  });
}

function budgetReasons({ exhausted }: Gate["budget"]): Reason[] {
  const spent = { code: "budget_spent", until: null };
  if (exhausted.live) return [{ lane: null, ...spent, message: "The month's jobs are spent." }];
  if (!exhausted.warming) return [];
  const message = "Warming's share of the month's jobs is spent; viewers' misses go on.";
  return (["upload", "bulk"] as const).map((lane) => ({ lane, ...spent, message }));
}
