import type { Tier } from "@prewarm/control-schema/history";
import { EVENTS, type Event } from "@prewarm/control-schema/stats";
import { int, type Sql, text, textOrNull } from "@prewarm/durable-queue";
import { addToDay, type Costs, type Places } from "./costs.ts";
import { addTo, type Histogram } from "./histogram.ts";

/** Tiers of the history, by their length in ms. */
export const TIERS_MS: Record<Tier, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Days whose minutes are kept. The minutes of older days become hours, if the row has at least `WORTH_BYTES`. */
const MINUTE_DAYS = 2;
const WORTH_BYTES = 20_000;

/** How often each event was counted. */
export type Totals = Record<Event, number>;

/** The events of a minute, hour or day, and the state in it. */
export interface Slice extends Totals {
  /** From order to first grant. */
  wait: Histogram;
  /** From grant to stored. */
  run: Histogram;
  /** From order to stored. */
  ready: Histogram;
  /** From order to stored, by lane. Missing: nothing was stored in it. */
  lanes?: Record<string, Histogram>;
  /** The maximum of open jobs, and the maximum age of the oldest waiting job (ms). Null: no sample. */
  open: number | null;
  oldest: number | null;
  work: Work;
}

/** Jobs that ended (stored, refused or dead) since the work began, and the time of the work until then, in ms. */
export interface Work {
  ended: number;
  ms: number;
}

const TIMES = ["wait", "run", "ready"] as const;

/** Slices by their start, Unix ms. */
export type Minutes = Record<number, Slice>;

interface Day {
  minutes: Minutes;
  hours: Minutes;
}

interface DayRow extends Day {
  costs: Places;
  /** The day has no row yet. */
  isNew: boolean;
}

export function emptySlice(): Slice {
  const events = { accepted: 0, stored: 0, failed: 0, dead: 0, refused: 0, cancelled: 0, throttled: 0 };
  return { ...events, wait: [], run: [], ready: [], open: null, oldest: null, work: { ended: 0, ms: 0 } };
}

/** Adds one slice into another, in place. */
export function mergeSlice(into: Slice, from: Slice): void {
  for (const event of EVENTS) into[event] += from[event];
  for (const kind of TIMES) addTo(into[kind], from[kind]);
  for (const [lane, times] of Object.entries(from.lanes ?? {})) addTo(timesOfLane(into, lane), times);
  for (const level of ["open", "oldest"] as const) {
    if (from[level] !== null) into[level] = Math.max(into[level] ?? 0, from[level]);
  }
  into.work = { ended: into.work.ended + from.work.ended, ms: into.work.ms + from.work.ms };
}

/** Times from order to stored, by lane. */
export function timesOfLane(slice: Slice, lane: string): Histogram {
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

/**
 * Adds minutes and costs to the rows of their days: one row per day, for any number of events. A new day merges the
 * minutes of old days into hours.
 */
export function addMinutes(sql: Sql, minutes: Minutes, costs: Costs): void {
  const slices = Map.groupBy(Object.entries(minutes), ([at]) => numberOf(Number(at)));
  const places = new Map(Object.entries(costs).map(([day, of]) => [numberOf(Date.parse(day)), of]));
  for (const day of new Set([...slices.keys(), ...places.keys()])) {
    const { costs: paid, isNew, ...body } = dayOf(sql, day);
    mergeSlices(body.minutes, Object.fromEntries(slices.get(day) ?? []), TIERS_MS.minute);
    addToDay(paid, places.get(day) ?? {});
    sql.exec(
      "INSERT INTO hist (day, body, costs) VALUES (?1, ?2, ?3) ON CONFLICT (day) DO UPDATE SET body = ?2, costs = ?3",
      ...[day, print(body), JSON.stringify(paid)],
    );
    if (isNew) rollMinutes(sql, day - MINUTE_DAYS);
  }
}

/** The costs of the days from one time to another, both included (Unix ms), by day: the number of days since 1970. */
export function readCosts(sql: Sql, from: number, to: number): Map<number, Places> {
  const query = "SELECT day, costs FROM hist WHERE day >= ? AND day <= ? AND costs IS NOT NULL";
  const rows = sql.exec(query, numberOf(from), numberOf(to));
  return new Map(rows.map((raw) => [int(raw.day), JSON.parse(text(raw.costs)) as Places]));
}

function numberOf(at: number): number {
  return Math.floor(at / TIERS_MS.day);
}

/** Merges the minutes of a day and of those before it into hours, at most three days at once. */
function rollMinutes(sql: Sql, last: number): void {
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

function dayOf(sql: Sql, day: number): DayRow {
  const raw = sql.exec("SELECT body, costs FROM hist WHERE day = ?", day)[0];
  const { minutes, hours } = JSON.parse(textOrNull(raw?.body) ?? '{"minutes":{},"hours":{}}') as Day;
  const costs = JSON.parse(textOrNull(raw?.costs) ?? "{}") as Places;
  return { minutes, hours, costs, isNew: raw === undefined };
}

function print(day: Day): string {
  return JSON.stringify(day);
}
