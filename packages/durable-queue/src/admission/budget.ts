import type { Gate } from "../memory/gate-memory.ts";
import { type Claim, paidOn } from "../tables/claim.ts";
import { dayOf, monthOf, nextDay, nextMonth } from "../tables/gate-state.ts";
import { laneName, laneRule } from "../tables/lanes.ts";
import type { Row } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * How many jobs each lane may still start, by the month's budget and the shares of it.
 */

/** Jobs that the lane may still start now, by the month and by the day; Infinity if unlimited. */
export function budgetLeft(gate: Gate, lane: string): number {
  return Math.min(monthLeft(gate, lane), dayLeft(gate, lane));
}

/** The same by the month: what all lanes leave of it, and what the lanes of one share leave of that. */
function monthLeft(gate: Gate, lane: string): number {
  const { budget } = gate;
  if (budget === null) return Number.POSITIVE_INFINITY;
  const used = usedBy(gate);
  const all = Object.values(used).reduce((sum, n) => sum + n, 0);
  return Math.min(budget.month - all, shareOf(gate, lane).jobs - usedOfShare(gate, lane, used));
}

function dayLeft(gate: Gate, lane: string): number {
  const { jobs, day } = shareOf(gate, lane);
  if (day === undefined) return Number.POSITIVE_INFINITY;
  // At least one job a day, however small the share is.
  return Math.ceil(jobs * day) - usedOfShare(gate, lane, usedToday(gate));
}

/** The share that pays for the jobs of a lane: its jobs of the month, and the part of them that one day may use. */
function shareOf({ budget, config }: Gate, lane: string): { jobs: number; day?: number | undefined } {
  const share = budget?.shares[laneRule(config.lanes, lane).share];
  if (budget === null || share === undefined) return { jobs: Number.POSITIVE_INFINITY };
  return { jobs: Math.floor(budget.month * share.month), day: share.day };
}

/** What the lanes that have one share with this lane have used. */
function usedOfShare({ config: { lanes } }: Gate, lane: string, used: Record<string, number>): number {
  const { share } = laneRule(lanes, lane);
  return lanes.reduce((sum, one) => sum + (one.share === share ? (used[one.name] ?? 0) : 0), 0);
}

/** When a lane whose budget is spent gets budget again, Unix ms. */
export function budgetUntil(gate: Gate, lane: string): number {
  return monthLeft(gate, lane) <= 0 ? nextMonth(gate.now) : nextDay(gate.now);
}

/** Jobs granted this month, by the names of the lanes that have any. */
export function usedBy({ use, now }: Gate): Record<string, number> {
  return use.of(monthOf(now));
}

/** Jobs granted today (UTC), by the names of the lanes that have any. */
export function usedToday({ use, now }: Gate): Record<string, number> {
  return use.of(dayOf(now));
}

/** Takes back a grant of this day (`2026-11-25`) that made no job. */
export function refund({ use }: Gate, lane: string, day: string): void {
  use.add(lane, day, -1);
}

/*
 * The gate counts an admission, and these functions tell of it.
 */

/** Tells of an admitted job. `kind`: whether the queue has admitted it, or an earlier copy of the queue. */
export function charge(tx: QueueTx, claim: Claim, row: Row, kind: "admitted" | "adopted"): void {
  claim.admitted = { ...row };
  tx.onEvent({ kind, admittedAt: claim.admittedAt }, row);
}

/** Takes an admission back that made no job. */
export function takeBack(tx: QueueTx, claim: Claim): void {
  refund(tx.gateNow, laneName(tx.lanes, claim.paidBy), paidOn(claim));
  claim.refunded = true;
  tx.onEvent({ kind: "refunded", admittedAt: claim.admittedAt }, claim.admitted ?? tx.rows.byId(claim.id));
}

/** Tells of a paid job that stored nothing. `why`: the code of its failure, or how it became useless. */
export function waste(tx: QueueTx, claim: Claim, why: string): void {
  if (claim.state !== "admitted" || claim.refunded) return;
  tx.onEvent({ kind: "wasted", admittedAt: claim.admittedAt, why }, claim.admitted);
}
