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
 * Splits a line in two: solid for buckets that are complete, dashed to the bucket that still fills. The two share the last complete
 * point, so that they meet.
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

/** Values for a logarithmic axis, which has no zero: what was not measured or is zero is a gap, and less than 1 ms counts as 1 ms. */
export function forLog(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value === null || value <= 0 ? null : Math.max(value, 1)));
}

/** `05:09` within two days, `24 Nov` beyond; UTC. */
export function tick(at: number, bucketMs: number): string {
  const iso = new Date(at).toISOString();
  if (bucketMs < 86_400_000) return iso.slice(11, 16);
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/** Places of values that stand alone: a line needs two, so that these are drawn as points. */
export function lonely(values: readonly (number | null | undefined)[]): number[] {
  const isThere = (index: number) => values[index] !== null && values[index] !== undefined;
  return values.flatMap((_, index) => (isThere(index) && !isThere(index - 1) && !isThere(index + 1) ? [index] : []));
}
