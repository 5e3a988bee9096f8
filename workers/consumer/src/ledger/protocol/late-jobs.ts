import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { counted, span } from "../../platform/words.ts";
import { openAtIttybit } from "./at-ittybit.ts";
import { quantileMs } from "./job-times.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * Slow is not stuck: a late job keeps its slot, and costs no attempt. But while most are late, each further POST only lengthens the queue
 * there: the breaker opens, and a probe has to end, not merely to be taken.
 */

/** Of fewer late jobs nobody can tell. */
const LATE_MIN = 5;
/** A job is late after this multiple of what nearly all take, and never before ten minutes. Chosen. */
const LATE_TIMES = 10;

export function lateMs({ gateNow }: LedgerTx): number {
  return Math.max(JOB_DEADLINE_MS, LATE_TIMES * quantileMs(gateNow, 0.98));
}

/**
 * Why Ittybit counts as slow; null: it does not. The middle one of the late jobs is compared with those that began after it: stragglers of
 * a large run are outnumbered by what has ended.
 */
export function slowness(tx: LedgerTx): string | null {
  const { begun } = tx.gateNow.memory;
  const limit = lateMs(tx);
  const open = openAtIttybit(tx).filter(({ grantedAt }) => grantedAt >= begun.since);
  const late = open.filter(({ grantedAt }) => tx.now - grantedAt > limit);
  const middle = late[Math.floor(late.length / 2)];
  if (late.length < LATE_MIN || middle === undefined || begun.endedFrom(middle.grantedAt) > late.length / 2)
    return null;
  return `Ittybit is slow: ${counted(late.length, "job")} began more than ${span(limit)} ago and have not ended.`;
}
