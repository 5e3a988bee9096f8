import type { Stats } from "@prewarm/control-schema/stats";
import type { Level, Part } from "@prewarm/control-schema/troubles";
import type { Lane } from "@prewarm/control-schema/words";
import { LANES } from "./job-filter.ts";

/* What the stream shows: how thick it is, where it is held and by what. Pure. */

/** The stations of a job's way, in its order. */
export type Station = "orders" | "gate" | "ittybit" | "results" | "viewers";

const STATIONS: Record<Part, Station> = {
  hooks: "orders",
  edge: "orders",
  queue: "gate",
  configuration: "gate",
  gate: "gate",
  budget: "gate",
  originals: "ittybit",
  ittybit: "ittybit",
  results: "results",
  store: "results",
};

/** The level of the worst trouble of a station's parts that nobody has acknowledged; null: it has none. */
export function troubleAt({ troubles }: Stats, station: Station): Level | null {
  const own = troubles.filter(({ part, acknowledged }) => STATIONS[part] === station && acknowledged === null);
  const levels = own.map(({ level }) => level);
  return (["problem", "warning"] as const).find((level) => levels.includes(level)) ?? null;
}

/** What holds jobs at a station. */
export interface Hold {
  at: Station;
  code: string;
  /** An operator paused it: a plan is no fault. */
  isPlanned: boolean;
  /** The gate's own words. */
  sentence: string;
  lanes: readonly Lane[];
  /** When it ends by itself, Unix ms; null: it does not, or not all of it. */
  until: number | null;
}

/** The gate's reasons that close a lane, the strongest first. Others slow it. */
const CLOSING = ["breaker", "restored", "budget", "paused"];

/** The first reason that closes lanes; null: nothing is held. */
export function holdOf({ gate: { breaker, reasons }, troubles }: Stats): Hold | null {
  const code = breaker.state === "closed" ? CLOSING.find((one) => reasons.some((it) => it.code === one)) : "breaker";
  if (code === undefined) return null;
  const of = reasons.filter((one) => one.code === code);
  const ends = of.map(({ until }) => until).filter((until) => until !== null);
  const isOfResults = troubles.some(({ part, past }) => part === "results" && !past);
  return {
    at: code !== "breaker" ? "gate" : isOfResults ? "results" : "ittybit",
    code,
    isPlanned: code === "paused" || code === "restored",
    sentence: of[0]?.message ?? breaker.reason ?? "The breaker tries one job.",
    lanes: LANES.filter((lane) => of.length === 0 || of.some((one) => one.lane === lane || one.lane === null)),
    until: of.length > 0 && ends.length === of.length ? Math.max(...ends) : null,
  };
}

/**
 * When everything that is open is made at the earliest where it goes on at `until` (Unix ms): at the pace that the gate's
 * rate and slots allow. Null: nothing bounds the pace.
 */
export function earliestEnd({ utilisation: { rate, concurrency }, run, pace }: Stats, until: number): number | null {
  const bySlots = concurrency.limit !== null && run.p50 ? (concurrency.limit * 1000) / run.p50 : null;
  const perSecond = Math.min(rate.limit ?? Number.POSITIVE_INFINITY, bySlots ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(perSecond) && perSecond > 0 ? until + (pace.all.jobsLeft * 1000) / perSecond : null;
}

/** How thick the band is, in px, of a rate a second; 0 for nothing, which is a dotted line. */
export function thickness(perSecond: number): number {
  return perSecond > 0 ? Math.min(118, 8 + 42 * Math.log10(1 + perSecond)) : 0;
}

/** How thick the dots are, in px, of so many jobs that wait. */
export function crowd(jobs: number): number {
  return jobs > 0 ? Math.min(122, 8 + 29 * Math.log10(1 + jobs)) : 0;
}

/** Points at each side of an outline. */
const STEPS = 16;

/**
 * The outline of a piece of the stream as a CSS polygon, symmetrical about its middle. `widthAt`: its thickness in px at a
 * share (0–1) of its length. `upright`: it flows down instead of to the right.
 */
export function outline(widthAt: (share: number) => number, upright: boolean): string {
  const point = (step: number, side: 1 | -1): string => {
    const along = `${Math.round((step / STEPS) * 1000) / 10}%`;
    const across = `calc(50% + ${Math.round(side * widthAt(step / STEPS) * 5) / 10}px)`;
    return upright ? `${across} ${along}` : `${along} ${across}`;
  };
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => step);
  const points = [...steps.map((step) => point(step, -1)), ...steps.reverse().map((step) => point(step, 1))];
  return `polygon(${points.join(",")})`;
}

/** From one thickness to another within a stretch, without a corner. */
export function between(from: number, to: number, [start, end]: readonly [number, number]): (share: number) => number {
  return (share) => {
    const part = Math.min(1, Math.max(0, (share - start) / (end - start)));
    return from + (to - from) * part * part * (3 - 2 * part);
  };
}
