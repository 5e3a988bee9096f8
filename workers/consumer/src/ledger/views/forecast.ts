import { budgetLeft, closedFor, usedBy } from "@prewarm/durable-queue/admission/gate";
import type { Gate } from "@prewarm/durable-queue/schema/gate-memory";
import { dayOf, nextMonth, settingsOf } from "@prewarm/durable-queue/schema/gate-state";
import { LANES, type Lane } from "@prewarm/shared/job";
import type { LedgerForecast } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import type { Paces } from "./pace.ts";

const DAY_MS = 86_400_000;
/** Full days whose median is the usual day. */
const USUAL_DAYS = 28;

/**
 * The jobs of this month at its end: those that were sent, those that wait and will be sent, and usual days after
 * that. `exhaustedAt`: when the budget is spent, Unix ms; null: not this month.
 */
export function forecastOf(tx: LedgerTx, paces: Paces): LedgerForecast {
  const gate = tx.gateNow;
  const { monthlyJobs } = settingsOf(gate.state, gate.config);
  const leftMs = nextMonth(tx.now) - tx.now;
  const used = sum(usedBy(gate));
  const perMs = paces.perSecond === null ? null : paces.perSecond / 1000;
  const waiting = sendable(gate, paces);
  const queued = Math.round(perMs === null ? waiting : Math.min(waiting, perMs * leftMs));
  const queuedMs = perMs === null || perMs === 0 ? 0 : Math.min(leftMs, queued / perMs);
  const usualPerMs = usualDay(gate) / DAY_MS;
  const usual = Math.round((leftMs - queuedMs) * usualPerMs);
  const left = monthlyJobs === null ? Number.POSITIVE_INFINITY : Math.max(0, monthlyJobs - used);
  return {
    jobs: used + Math.min(left, queued + usual),
    queued: Math.min(left, queued),
    usual: Math.max(0, Math.min(left - queued, usual)),
    exhaustedAt: left > queued + usual ? null : Math.round(tx.now + spentAfter({ left, queued, queuedMs, usualPerMs })),
  };
}

/** ms until the budget is spent: by what waits, then by usual days. */
function spentAfter(of: { left: number; queued: number; queuedMs: number; usualPerMs: number }): number {
  const { left, queued, queuedMs, usualPerMs } = of;
  if (left <= queued) return queued === 0 ? 0 : (queuedMs * left) / queued;
  return queuedMs + (left - queued) / usualPerMs;
}

/** Waiting jobs that will be sent: those of lanes that nobody has paused without an end, as far as the budget goes. */
function sendable(gate: Gate, paces: Paces): number {
  const waiting = (lane: Lane) => {
    const closed = closedFor(gate, lane);
    return closed?.code === "paused" && closed.until === null ? 0 : paces.waiting(lane);
  };
  const warming = Math.min(waiting("upload") + waiting("bulk"), Math.max(0, budgetLeft(gate, "bulk")));
  return Math.min(waiting("live"), Math.max(0, budgetLeft(gate, "live"))) + warming;
}

/** Jobs of a usual day: the median of the last full days since the first one with a job. */
function usualDay({ use, now }: Gate): number {
  const days = Array.from({ length: USUAL_DAYS }, (_, n) => sum(use.of(dayOf(now - (n + 1) * DAY_MS))));
  const known = days.slice(0, days.findLastIndex((jobs) => jobs > 0) + 1).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? 0;
}

function sum(lanes: Record<Lane, number>): number {
  return LANES.reduce((all, lane) => all + lanes[lane], 0);
}
