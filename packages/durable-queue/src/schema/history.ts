import type { Tier } from "@prewarm/control-schema/history";
import { EVENTS, type Event } from "@prewarm/control-schema/stats";
import type { Lane } from "@prewarm/shared/job";
import type { Totals } from "../calls.ts";
import { addTo, type Histogram } from "./histogram.ts";
import { int, type Sql, text } from "./sql.ts";

/** Tiers of the history, by their length in ms. */
export const TIERS_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Days whose minutes are kept. The minutes of older days become hours, if the row has at least `WORTH_BYTES`. */
const MINUTE_DAYS = 2;
const WORTH_BYTES = 20_000;

/** The events of a minute, hour or day, and the state in it. */
export interface Slice extends Totals {
  /** From order to first grant. */
  wait: Histogram;
  /** From grant to stored. */
  run: Histogram;
  /** From order to stored. */
  ready: Histogram;
  /** The times by lane. Old slices have none. */
  lanes?: Partial<Record<Lane, Histogram>>;
  /** The maximum of open jobs, and the maximum age of the oldest waiting job (ms). Null: no sample. */
  open: number | null;
  oldest: number | null;
}

const TIMES = ["wait", "run", "ready"] as const;

/** Slices by their start, Unix ms. */
export type Minutes = Record<number, Slice>;

interface Day {
  minutes: Minutes;
  hours: Minutes;
}

export function emptySlice(): Slice {
  // biome-ignore format: one glance
  return { accepted: 0, stored: 0, failed: 0, dead: 0, refused: 0, cancelled: 0, throttled: 0, wait: [], run: [], ready: [], open: null, oldest: null };
}

/** Adds one slice into another, in place. */
export function mergeSlice(into: Slice, from: Slice): void {
  for (const event of EVENTS) into[event] += from[event];
  for (const kind of TIMES) addTo(into[kind], from[kind]);
  for (const [lane, times] of Object.entries(from.lanes ?? {})) addTo(timesOfLane(into, lane as Lane), times);
  for (const level of ["open", "oldest"] as const) {
    if (from[level] !== null) into[level] = Math.max(into[level] ?? 0, from[level]);
  }
}

/** Times from order to stored, by lane. */
export function timesOfLane(slice: Slice, lane: Lane): Histogram {
  slice.lanes ??= {};
  slice.lanes[lane] ??= [];
  return slice.lanes[lane];
}

/** How often each event is counted in slices. */
export function eventsIn(minutes: Minutes): Totals {
  const sum = (event: Event) => Object.values(minutes).reduce((total, slice) => total + slice[event], 0);
  return Object.fromEntries(EVENTS.map((event) => [event, sum(event)])) as Totals;
}

/** Adds slices to stored slices of the same start. `tier` in ms. */
export function mergeSlices(into: Minutes, from: Minutes, tier: number): void {
  for (const [at, slice] of Object.entries(from)) {
    const start = Number(at) - (Number(at) % tier);
    const sum = into[start] ?? emptySlice();
    mergeSlice(sum, slice);
    into[start] = sum;
  }
}

/** Adds minutes to the rows of their days: one row per day, for any number of events. */
export function addMinutes(sql: Sql, minutes: Minutes): void {
  const days = Map.groupBy(Object.entries(minutes), ([at]) => Math.floor(Number(at) / TIERS_MS.day));
  for (const [day, slices] of days) {
    const body = dayOf(sql, day);
    mergeSlices(body.minutes, Object.fromEntries(slices), TIERS_MS.minute);
    sql.exec(
      "INSERT INTO hist (day, body) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET body = ?2",
      day,
      print(body),
    );
  }
}

/** Merges the minutes of old days into hours. */
export function rollMinutes(sql: Sql, now: number): void {
  const last = Math.floor(now / TIERS_MS.day) - MINUTE_DAYS;
  const query = "SELECT day, body FROM hist WHERE day <= ? AND length(body) > ? ORDER BY day DESC LIMIT 3";
  for (const raw of sql.exec(query, last, WORTH_BYTES)) {
    const body = JSON.parse(text(raw.body)) as Day;
    if (Object.keys(body.minutes).length === 0) continue;
    mergeSlices(body.hours, body.minutes, TIERS_MS.hour);
    body.minutes = {};
    sql.exec("UPDATE hist SET body = ? WHERE day = ?", print(body), int(raw.day));
  }
}

/** Slices of a tier that begin within a time, from and to inclusive (Unix ms). */
export function readSlices(sql: Sql, tier: Tier, from: number, to: number): Minutes {
  const ms = TIERS_MS[tier];
  const first = Math.floor(from / TIERS_MS.day);
  const found: Minutes = {};
  for (const raw of sql.exec(
    "SELECT body FROM hist WHERE day >= ? AND day <= ?",
    first,
    Math.floor(to / TIERS_MS.day),
  )) {
    const { minutes, hours } = JSON.parse(text(raw.body)) as Day;
    for (const slices of [minutes, hours]) mergeSlices(found, slices, ms);
  }
  return Object.fromEntries(
    Object.entries(found).filter(([at]) => Number(at) >= from - (from % ms) && Number(at) <= to),
  );
}

function dayOf(sql: Sql, day: number): Day {
  const raw = sql.exec("SELECT body FROM hist WHERE day = ?", day)[0];
  return raw === undefined ? { minutes: {}, hours: {} } : (JSON.parse(text(raw.body)) as Day);
}

function print(day: Day): string {
  return JSON.stringify(day);
}
