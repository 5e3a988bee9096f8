/* From history buckets to what a chart draws. Pure. */

export interface Line {
  label: string;
  values: readonly (number | null)[];
  /** How it is drawn; without it, it stands in the table and under the pointer only. */
  as?: "bar" | "below" | "line" | "dashes" | "points";
}

/** What was done at a moment. */
export interface Mark {
  /** Unix ms. */
  at: number;
  text: string;
}

/** Marks of one bucket as one flag: where it stands (0–1), and its words where they have room. */
export interface Flag {
  share: number;
  text: string;
  hasRoom: boolean;
  isBefore: boolean;
}

/**
 * The marks that lie in the chart, a flag for each bucket that has any. Words take a share `width` (0–1) of the chart; the
 * newest win the room.
 */
export function flagsOf(marks: readonly Mark[], at: readonly number[], bucketMs: number, width: number): Flag[] {
  const flags: Flag[] = [];
  let free = 1;
  for (const [index, from] of [...at.entries()].reverse()) {
    const here = marks.filter((mark) => mark.at >= from && mark.at < from + bucketMs);
    if (here.length === 0) continue;
    const share = (index + 0.5) / at.length;
    // At the right edge they stand before their line.
    const isBefore = share > 1 - width;
    const hasRoom = isBefore ? free === 1 : free - share >= width;
    if (hasRoom) free = isBefore ? share - width : share;
    flags.push({
      share,
      isBefore,
      hasRoom,
      text: here.length === 1 ? (here[0]?.text ?? "") : `${here.length} changes`,
    });
  }
  return flags.reverse();
}

/** Fewer buckets would be a chart of two bars. */
const BUCKETS_MIN = 12;

/** The first bucket that has something: a chart shows the time that there is. */
export function firstOf(lines: readonly Line[], length: number): number {
  const has = (index: number) => lines.some(({ values }) => (values[index] ?? 0) !== 0);
  const first = Array.from({ length }, (_, index) => index).find(has) ?? length;
  return Math.max(0, Math.min(first, length - BUCKETS_MIN));
}

/** A round end of an axis from 0, of which half is a whole number. */
export function topOf(values: readonly (number | null)[]): number {
  const most = Math.max(2, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 1.6, 2, 4, 6, 8, 10].find((step) => step * power >= most) ?? 10) * power;
}

/** Durations people know, in ms. */
const DURATIONS = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];

/** A logarithmic axis of durations: the marks at and between its ends, in ms. */
export function durationsAround(values: readonly (number | null)[]): number[] {
  const known = values.filter((value) => value !== null).filter((value) => value > 0);
  const least = Math.max(1, Math.min(...known, DURATIONS.at(-1) ?? 1));
  const from = DURATIONS.findLastIndex((mark) => mark <= least);
  const to = DURATIONS.findIndex((mark) => mark >= Math.max(...known, 0));
  return known.length === 0 ? [1000, 10_000] : DURATIONS.slice(Math.max(0, from), Math.max(from + 1, to) + 1);
}

/** Where a duration stands on that axis (0–1); null: it was not measured. */
export function logShare(value: number | null, axis: readonly number[]): number | null {
  if (value === null || value <= 0) return null;
  const [low, high] = [Math.log(axis[0] ?? 1), Math.log(axis.at(-1) ?? 10)];
  return Math.min(1, Math.max(0, (Math.log(value) - low) / (high - low)));
}

/** An SVG path through shares (0–1, up) over a box of `length` × 100; a gap begins anew, and a value alone is a short dash. */
export function pathOf(shares: readonly (number | null)[]): string {
  return shares
    .map((share, index) => {
      if (share === null) return "";
      const y = Math.round((1 - share) * 1000) / 10;
      const isFirst = (shares[index - 1] ?? null) === null;
      const isAlone = isFirst && (shares[index + 1] ?? null) === null;
      return isAlone ? `M${index + 0.2},${y}h0.6` : `${isFirst ? "M" : "L"}${index + 0.5},${y}`;
    })
    .join("");
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
