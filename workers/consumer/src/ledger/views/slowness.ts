import { JOB_DEADLINE_MS, openExternally, quantileMs } from "@prewarm/durable-queue";
import { DAY_MS } from "@prewarm/shared/clock";
import { number, span } from "@prewarm/shared/words";
import { quantile } from "../../console/tables/histogram.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { slices, sumOf } from "./slices.ts";

/** Fewer late jobs are no sign that Ittybit is slow. Chosen. */
const LATE_MIN = 5;
/** A job is late after this multiple of the usual time, and never before ten seconds. Chosen. */
const LATE_TIMES = 10;
const LATE_LEAST_MS = 10_000;
/** The usual time is that of a day without its last minutes, of at least so many jobs. Chosen. */
const USUAL = { overMs: DAY_MS, lastMs: 120_000, jobs: 20, keptMs: 60_000 };

export interface Slow {
  n: number;
  sentence: string;
}

/** The usual time of a job at Ittybit, kept for a minute, because a day's times are read for it. */
class UsualTime {
  #known: { at: number; ms: number | null } | null = null;

  of(tx: ImageTx): number | null {
    if (this.#known === null || tx.now - this.#known.at > USUAL.keptMs) this.#known = { at: tx.now, ms: usualMs(tx) };
    return this.#known.ms;
  }
}

function usualMs(tx: ImageTx): number | null {
  const { run } = sumOf(slices(tx, "minute", tx.now - USUAL.overMs, tx.now - USUAL.lastMs));
  return run.reduce((sum, n) => sum + n, 0) < USUAL.jobs ? null : quantile(run, 0.5);
}

/**
 * While at least half of the jobs at Ittybit are late, or the last ones took as long. Null: Ittybit is not slow. It
 * closes nothing, because late jobs keep their slots and so limit what is sent.
 */
export function slowness(tx: ImageTx): Slow | null {
  const ages = openExternally(tx).map(({ admittedAt }) => tx.now - admittedAt);
  if (ages.length < LATE_MIN) return null;
  const usual = tx.memory.of(UsualTime).of(tx);
  const lateMs = lateAfter(tx, usual);
  const late = ages.filter((age) => age > lateMs).length;
  // Of jobs that all take as long, half are younger than half of that.
  const lastMs = usual === null ? 0 : quantileMs(tx.gateNow, 0.5);
  if ((late < LATE_MIN || late < ages.length / 2) && lastMs <= lateMs) return null;
  if (usual === null) {
    const many = `${number(late)} of ${number(ages.length)} jobs there began more than ${span(lateMs)} ago`;
    return { n: late, sentence: `Ittybit is slow: ${many} and have not ended.` };
  }
  const takes = span(Math.max(lastMs, ages[Math.floor(ages.length / 2)] ?? 0));
  return { n: ages.length, sentence: `Ittybit takes ${takes} for a job, usually ${short(usual)}.` };
}

/** Without a usual time: ten minutes, or ten times that of nearly all of the last jobs. */
function lateAfter(tx: ImageTx, usual: number | null): number {
  if (usual === null) return Math.max(JOB_DEADLINE_MS, LATE_TIMES * quantileMs(tx.gateNow, 0.98));
  return Math.max(LATE_LEAST_MS, LATE_TIMES * usual);
}

/** `0.5 s`. */
function short(ms: number): string {
  return ms < 10_000 ? `${Math.max(0.1, ms / 1000).toFixed(1)} s` : span(ms);
}
