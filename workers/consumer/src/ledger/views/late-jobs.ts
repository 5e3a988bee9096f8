import { JOB_DEADLINE_MS, openExternally, quantileMs } from "@prewarm/durable-queue";
import { number, span } from "@prewarm/shared/words";
import type { ImageTx } from "../../images/image-tx.ts";

/** Fewer late jobs are no sign that the engine is slow. Chosen. */
const LATE_MIN = 5;
/** A job is late after this multiple of the time that nearly all jobs take, and never before ten minutes. Chosen. */
const LATE_TIMES = 10;

/**
 * A sentence while at least half of the engine's jobs are late. Null: it is not slow. The sentence closes
 * nothing, because late jobs keep their slots and so limit what is sent.
 */
export function slowness(tx: ImageTx): string | null {
  const lateMs = Math.max(JOB_DEADLINE_MS, LATE_TIMES * quantileMs(tx.gateNow, 0.98));
  const open = openExternally(tx);
  const late = open.filter(({ admittedAt: grantedAt }) => tx.now - grantedAt > lateMs).length;
  if (late < LATE_MIN || late < open.length / 2) return null;
  return `Ittybit is slow: ${number(late)} of ${number(open.length)} jobs there began more than ${span(lateMs)} ago and have not ended.`;
}
