import { signal } from "@preact/signals";
import { withMoments } from "@prewarm/shared/words";
import { dayTime, relative } from "./format.ts";

const KEPT = "prewarm.times";
export type TimeStyle = "relative" | "local" | "UTC";
export const TIME_STYLES: readonly TimeStyle[] = ["relative", "local", "UTC"];

/** How every time on every page reads; kept between visits. */
export const timeStyle = signal<TimeStyle>(TIME_STYLES.find((one) => one === localStorage.getItem(KEPT)) ?? "relative");

export function setTimeStyle(style: TimeStyle): void {
  timeStyle.value = style;
  localStorage.setItem(KEPT, style);
}

export function nextTimeStyle(): void {
  setTimeStyle(TIME_STYLES[(TIME_STYLES.indexOf(timeStyle.value) + 1) % TIME_STYLES.length] ?? "relative");
}

/** The zone that clock times are in; undefined: the reader's own. */
export function zone(): "UTC" | undefined {
  return timeStyle.value === "UTC" ? "UTC" : undefined;
}

/** A moment as the reader wants to read it. `now`: Unix ms by the server's clock. */
export function moment(at: number, now: number): string {
  return timeStyle.value === "relative" ? relative(at, now) : clockTime(at, now);
}

/** A moment as clock time, whatever the choice: a log is read beside other logs. */
export function clockTime(at: number, now: number): string {
  return dayTime(at, now, zone());
}

/** A sentence of the server with its times in the reader's zone, as clock times. `now`: the server's clock, which tells the day. */
export function inZone(sentence: string, now: number): string {
  return withMoments(sentence, moments(now));
}

/** How the reader wants a moment in a sentence: clock time to the minute. */
export function moments(now: number): (at: number) => string {
  return (at) => dayTime(at, now, zone(), false);
}

/** Half of the time that the log shows around a moment, in ms. */
const AROUND_MS = 300_000;
const DAY_MS = 86_400_000;

/** The ten minutes around `14:05` of the last 24 hours, or around `2026-11-28 14:05`, in the reader's zone; null: it is no time. */
export function aroundTime(text: string, now: number): { from: number; to: number } | null {
  const [, day, time] = /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d)$/.exec(text.trim()) ?? [];
  if (time === undefined) return null;
  const isUtc = zone() === "UTC";
  // Swedish writes a date as ISO 8601 does.
  const today = new Date(now).toLocaleDateString("sv-SE", isUtc ? { timeZone: "UTC" } : {});
  const at = Date.parse(`${day ?? today}T${time}${isUtc ? "Z" : ""}`);
  if (Number.isNaN(at)) return null;
  const past = day === undefined && at > now ? at - DAY_MS : at;
  return { from: past - AROUND_MS, to: past + AROUND_MS };
}

/** The day `2026-11-28` in the reader's zone, Unix ms; nothing where the text is no day. */
export function spanOfDay(day: string): { from?: number; to?: number } {
  const from = Date.parse(`${day}T00:00:00${zone() === "UTC" ? "Z" : ""}`);
  if (Number.isNaN(from)) return {};
  const next = new Date(from);
  next.setDate(next.getDate() + 1);
  return { from, to: (zone() === "UTC" ? from + DAY_MS : next.getTime()) - 1 };
}
