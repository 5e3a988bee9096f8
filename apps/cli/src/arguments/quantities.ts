import { usageError } from "../platform/exit-codes.ts";

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `10m`, `2h`, `1d`, or plain seconds → seconds. */
export function readDuration(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  if (match === null) throw usageError(`${flag} takes a duration such as 90s, 10m or 2h, not ${text}.`);
  return Number(match[1]) * (UNIT_SECONDS[match[2] || "s"] ?? 1);
}

/** `50`, `50/s`, `3000/m`, `100000/h` → a number per second, above 0. */
export function readRate(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text);
  const rate = match === null ? 0 : Number(match[1]) / (UNIT_SECONDS[match[2] ?? "s"] ?? 1);
  if (rate <= 0) throw usageError(`${flag} takes a rate such as 50/s or 3000/m, not ${text}.`);
  return rate;
}

/**
 * `14:05` or `2026-11-24T14:05`, also with seconds and `Z` → Unix ms. Times are UTC. `isOfDay`: the text has no date, and the time is that of
 * the day of `now` (Unix ms).
 */
export function readTime(text: string, flag: string, now: number): { at: number; isOfDay: boolean } {
  const today = new Date(now).toISOString().slice(0, 10);
  const isOfDay = /^\d\d:\d\d$/.test(text);
  const isTime = isOfDay || /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z?$/.test(text);
  const at = isTime ? Date.parse(`${isOfDay ? `${today}T` : ""}${text.replace(/Z$/, "")}Z`) : Number.NaN;
  if (Number.isNaN(at))
    throw usageError(`${flag} ${text} is no time.`, "Write 14:05, or 2026-11-24T14:05. Times are UTC.");
  return { at, isOfDay };
}

/** A whole number of at least `min`. */
export function readCount(text: string, flag: string, min: number): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= min)) throw usageError(`${flag} takes a whole number of at least ${min}, not ${text}.`);
  return count;
}
