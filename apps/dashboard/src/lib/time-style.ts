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
  return withMoments(sentence, (at) => dayTime(at, now, zone(), false));
}
