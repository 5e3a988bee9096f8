/* From history buckets to what a chart draws. Pure. */

export interface Line {
  label: string;
  /** Name of a colour token, such as `--chart-1`. */
  color: string;
  values: readonly (number | null)[];
  /** Fill the area below. */
  area?: boolean;
}

/**
 * A line in two: what is over, solid, and the way to the bucket that still fills, dashed. The two share the last point that is
 * over, so that they meet.
 */
export function splitFilling(
  values: readonly (number | null)[],
  filling: boolean,
): [whole: (number | null)[], open: (number | null)[]] {
  if (!filling || values.length === 0) return [[...values], values.map(() => null)];
  const last = values.length - 1;
  return [
    values.map((value, index) => (index < last ? value : null)),
    values.map((value, index) => (index >= last - 1 ? value : null)),
  ];
}

/** A log axis knows no zero: what is below 1 ms, or nothing, is a gap. */
export function forLog(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value === null || value <= 0 ? null : Math.max(value, 1)));
}

/** `05:09` within two days, `24 Nov` beyond; UTC. */
export function tick(at: number, bucketMs: number): string {
  const iso = new Date(at).toISOString();
  if (bucketMs < 86_400_000) return iso.slice(11, 16);
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
