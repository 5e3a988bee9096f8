/* From history buckets to what a chart draws. Pure. */

export interface Line {
  label: string;
  /** Name of a colour token, such as `--chart-1`. */
  color: string;
  values: readonly (number | null)[];
  /** Fill the area below. */
  area?: boolean;
  /** The axis does not grow for this line: what is larger leaves the chart at the top, and the legend has its number. */
  clipped?: boolean;
}

export interface TimeChartProps {
  title: string;
  /** Starts of the buckets, Unix ms, oldest first. */
  at: readonly number[];
  bucketMs: number;
  /** The last bucket still fills. */
  filling: boolean;
  lines: readonly Line[];
  format(value: number | null): string;
  log?: boolean;
  marks: readonly Mark[];
}

/** What was done at a moment: a dashed line, with its words under the pointer. */
export interface Mark {
  /** Unix ms. */
  at: number;
  text: string;
}

/** The highest value that the axis shows: of the lines that are not clipped, or of all where these have none. */
export function topOf(lines: readonly Line[]): number {
  const highest = (some: readonly Line[]) =>
    Math.max(0, ...some.flatMap(({ values }) => values.map((one) => one ?? 0)));
  return highest(lines.filter(({ clipped }) => !clipped)) || highest(lines);
}

/** The marks of a bucket, or of what is nearest to the pointer. */
export function marksAt(marks: readonly Mark[], from: number, bucketMs: number): Mark[] {
  return marks.filter(({ at }) => at >= from && at < from + bucketMs);
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

/** `05:09` of a minute or an hour, in the reader's zone or another, `05:09:07` of a second; `24 Nov` of a day, which is a day in UTC. */
export function tick(at: number, bucketMs: number, timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions =
    bucketMs < 86_400_000
      ? { hour: "2-digit", minute: "2-digit", ...(timeZone ? { timeZone } : {}) }
      : { day: "numeric", month: "short", timeZone: "UTC" };
  if (bucketMs < 60_000) options.second = "2-digit";
  return new Date(at).toLocaleString("en-GB", options);
}

/** Local time with UTC beside it where they differ: `06:09 (05:09 UTC)`; UTC alone for who has chosen it. */
export function tickBoth(at: number, bucketMs: number, timeZone?: string): string {
  const [local, utc] = [tick(at, bucketMs, timeZone), tick(at, bucketMs, "UTC")];
  return local === utc ? `${utc} UTC` : `${local} (${utc} UTC)`;
}
