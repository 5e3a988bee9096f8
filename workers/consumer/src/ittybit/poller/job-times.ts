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

/** A job that has ended with this chance has surely ended: no read after this one will have to look for it … */
const SURELY = 0.9;
/** … so the read counts this much more than one after which another must follow. Chosen: it bounds how long the last few jobs of a page wait. */
const LAST_READ = 10;

/** The chance that a job that was seen open at one age has ended at another. */
function chanceOf(ended: (ageMs: number) => number, fromMs: number, toMs: number): number {
  const before = ended(fromMs);
  return before >= 1 ? 1 : (ended(toMs) - before) / (1 - before);
}

/** How long such a job is expected to have been over, in ms: that chance, added up over the time between them (Simpson's rule). */
export function overMs(ended: (ageMs: number) => number, fromMs: number, toMs: number): number {
  const half = chanceOf(ended, fromMs, (fromMs + toMs) / 2);
  return ((toMs - fromMs) / 6) * (4 * half + chanceOf(ended, fromMs, toMs));
}

/** What a read of such a job is worth, in ms: how long it is expected to have been over, and more where no other read will be needed. */
export function worthMs(ended: (ageMs: number) => number, fromMs: number, toMs: number): number {
  const isLast = chanceOf(ended, fromMs, toMs) >= SURELY;
  return (isLast ? LAST_READ : 1) * overMs(ended, fromMs, toMs);
}
