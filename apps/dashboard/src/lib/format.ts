/* How numbers, times and sizes read. Pure; times are Unix ms, durations ms, sizes bytes. */

const NONE = "–";
const STEPS: [limit: number, divisor: number, unit: string][] = [
  [60_000, 1000, "s"],
  [3_600_000, 60_000, "min"],
  [86_400_000, 3_600_000, "h"],
  [Number.POSITIVE_INFINITY, 86_400_000, "d"],
];

/** `850 ms`, `4.2 s`, `3 min`, `5 h`, `2 d`; null is a dash. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const [, divisor, unit] = STEPS.find(([limit]) => ms < limit * 0.999) ?? STEPS[3] ?? [0, 1, ""];
  const value = ms / divisor;
  return `${short(value)} ${unit}`;
}

/** One decimal below ten, none above. */
function short(value: number): string {
  return String(value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value));
}

/** `just now`, `42 s ago`, `in 3 min`. */
export function relative(at: number | null, now: number): string {
  if (at === null) return NONE;
  const age = now - at;
  if (Math.abs(age) < 1500) return "just now";
  return age < 0 ? `in ${duration(-age)}` : `${duration(age)} ago`;
}

/** `2026-11-24 16:05:09.120 UTC`, what a log would say. */
export function exactUtc(at: number): string {
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** Swedish writes a date as ISO 8601 does; its hours before ten need two digits asked for. */
const TO_THE_SECOND: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
};

/** Local time with its zone, and UTC beside it. */
export function exactBoth(at: number): string {
  const local = new Date(at).toLocaleString("sv-SE", TO_THE_SECOND);
  return `${local} · ${exactUtc(at)}`;
}

/**
 * `14:05:09`, `14:05:09 UTC`; of another day `24 Nov 14:05:09`, of another year `24 Nov 2027 14:05:09`. `timeZone`:
 * undefined for the reader's own.
 */
export function dayTime(at: number, now: number, timeZone: "UTC" | undefined, seconds = true): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const dateOf = (ms: number) =>
    new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", ...zone });
  const [date, today] = [dateOf(at), dateOf(now)];
  const isThisYear = date.slice(-4) === today.slice(-4);
  const time = new Date(at).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...zone,
  });
  const day = date === today ? "" : `${isThisYear ? date.slice(0, -5) : date} `;
  return `${day}${time}${timeZone === undefined ? "" : ` ${timeZone}`}`;
}

const DAY_MS = 86_400_000;

/** An end: within a day as clock time, else the first day on which it is surely over, `1 Dec 2027`. */
export function endOf(at: number, now: number, timeZone: "UTC" | undefined): string {
  if (at - now < DAY_MS) return dayTime(at, now, timeZone);
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Date(at + DAY_MS).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    ...zone,
  });
}

/** Decimal, as storage is billed: `932 B`, `48.1 kB`, `3.2 GB`. */
export function size(bytes: number | null): string {
  if (bytes === null) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 99.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `12,345,678`. */
export function count(value: number | null): string {
  return value === null ? NONE : whole.format(value);
}

/** A short number where space is tight: `999`, `12.3k`, `4.5M`. */
export function compact(value: number): string {
  if (value < 10_000) return whole.format(value);
  const [divisor, unit] = value < 999_500 ? [1e3, "k"] : value < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
  const scaled = value / divisor;
  return `${scaled < 99.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
}

/** Jobs a second; slow ones a minute, so that they do not read as zero. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0 /s";
  if (perSecond < 0.5) return `${(perSecond * 60).toFixed(perSecond * 60 < 10 ? 1 : 0)} /min`;
  return `${perSecond < 10 ? perSecond.toFixed(1) : whole.format(perSecond)} /s`;
}

/** A rate of a limit, both in the limit's unit: `0.4 of 20 /s`, never `23 /min of 20 /s`. */
export function rateOf(used: number, limit: number): string {
  const perMinute = limit < 0.5;
  const said = (perSecond: number) => String(Math.round(perSecond * (perMinute ? 60 : 1) * 10) / 10);
  return `${said(used)} of ${said(limit)} ${perMinute ? "/min" : "/s"}`;
}

/** A share 0–1: `0 %`, `0.4 %`, `12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<0.1 %";
  return `${short(value)} %`;
}

/** Bytes saved of the original: `-82 %`, or `+4 %` when the variant is larger. */
export function savedShare(original: number, variant: number): string {
  if (original === 0) return NONE;
  const change = Math.round((variant / original - 1) * 100);
  return `${change > 0 ? "+" : change < 0 ? "−" : ""}${Math.abs(change)} %`;
}

/** An amount in the configured unit: two decimals, and never zero for something. */
export function money(amount: number): string {
  return amount > 0 && amount < 0.01 ? "less than 0.01" : amount.toFixed(2);
}

/** `1 job`, `3 jobs`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A focal point: `30 %, 70 %`, from the left and from the top. */
export function focalWords(focal: readonly number[]): string {
  return focal.map((share) => `${Math.round(share * 100)} %`).join(", ");
}
