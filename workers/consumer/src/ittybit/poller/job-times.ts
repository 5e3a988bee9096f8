/** Learned job time in ms at a quantile. */
export type JobMs = (q: number) => number;

/** At these the learned times are read. */
const QUANTILES = Array.from({ length: 20 }, (_, n) => n / 20);
/** Of a job that takes longer than nearly all: the chance to end within a tenth of its age is that of 1 − 1/e. */
const LATE_SHARE = 0.1;

/** The share of jobs that have ended at this age in ms, as far as it is learned. Beyond the learned times it nears 1. */
export function endedBy(jobMs: JobMs): (ageMs: number) => number {
  const times = QUANTILES.map(jobMs);
  const [longest, most] = [times.at(-1) ?? 0, QUANTILES.at(-1) ?? 0];
  return (ageMs) => {
    if (ageMs >= longest) return 1 - (1 - most) * Math.exp((longest - ageMs) / (LATE_SHARE * Math.max(1, longest)));
    const next = times.findIndex((ms) => ms > ageMs);
    const [from, to] = [times[next - 1], times[next]];
    if (from === undefined || to === undefined) return 0;
    return ((next - 1 + (ageMs - from) / (to - from)) * most) / (QUANTILES.length - 1);
  };
}

/**
 * How long a job that was seen open at one age is expected to have been over at another, in ms: the chance that it has
 * ended, added up over the time between them (Simpson's rule).
 */
export function overMs(ended: (ageMs: number) => number, fromMs: number, toMs: number): number {
  const before = ended(fromMs);
  const chanceAt = (ageMs: number) => (before >= 1 ? 1 : (ended(ageMs) - before) / (1 - before));
  return ((toMs - fromMs) / 6) * (4 * chanceAt((fromMs + toMs) / 2) + chanceAt(toMs));
}
