/** Upper edges of the buckets in ms; the last bucket is open. Fixed for ever: stored counts are read by position. */
export const EDGES_MS = [
  50, 100, 200, 500, 1_000, 1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 1_800_000, 3_600_000, 10_800_000, 43_200_000, 86_400_000, 259_200_000,
] as const;

/** Counts per bucket; missing ones are 0. */
export type Histogram = number[];

/** Counts `times` of `ms` in place. */
export function observeMs(histogram: Histogram, ms: number, times = 1): void {
  const at = EDGES_MS.findIndex((edge) => ms <= edge);
  const bucket = at === -1 ? EDGES_MS.length : at;
  while (histogram.length <= bucket) histogram.push(0);
  histogram[bucket] = (histogram[bucket] ?? 0) + times;
}

/** Adds `other` to `histogram` in place. */
export function addTo(histogram: Histogram, other: Histogram): void {
  while (histogram.length < other.length) histogram.push(0);
  other.forEach((count, bucket) => {
    histogram[bucket] = (histogram[bucket] ?? 0) + count;
  });
}

/** The `q`-quantile (0–1) in ms, linear within its bucket, or null when nothing was counted. The open bucket answers its lower edge. */
export function quantile(histogram: Histogram, q: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let below = 0;
  for (const [bucket, count] of histogram.entries()) {
    if (count > 0 && below + count >= q * total) {
      const low = EDGES_MS[bucket - 1] ?? 0;
      const high = EDGES_MS[bucket] ?? low;
      return Math.round(low + ((high - low) * Math.max(q * total - below, 0)) / count);
    }
    below += count;
  }
  return EDGES_MS.at(-1) ?? null;
}
