import { READS_PER_REQUEST } from "../limits.ts";
import { PRICES, type Unit } from "./prices.ts";

/** Operations of each kind that one variant, or one view, causes. */
export type Operations = Partial<Record<Unit, number>>;

export interface Path {
  name: string;
  /** What one of a million is. */
  one: string;
  operations: Operations;
  /** Where the counts come from. */
  counted: string;
}

const MESSAGE = 3; // write, read, delete
/** Memory that a running object is billed for, GB. */
export const OBJECT_GB = 0.128;
/** A consumer's work on one variant: POST, download, check, put. Assumed. */
const VARIANT_CPU_MS = 3;
/** The edge's work on one view. Assumed. */
const VIEW_CPU_MS = 1;
/** An event of the platform, and a line of ours. Assumed. */
export const [EVENT_BYTES, LINE_BYTES] = [2_000, 1_000];

/** Days for which Cloudflare keeps logs and spans. */
const LOG_DAYS = 7;
const MONTH_DAYS = 30;

interface Making {
  rows: number;
  exchanges: number;
  wakeUps: number;
  /** Variants a second while the object is awake for them. */
  perSecond: number;
  rowsRead: number;
  /** How often what is known of an image is noted, for each variant: a put. */
  notes: number;
  /** How often an original is staged for the jobs of its image, for each variant: a look and a put. Each job then reads it by a request. */
  staged: number;
  /** Reads beside the first: of notes, of the placeholder's bytes, and of markers that may be there. */
  reads: number;
  /** Lists of such markers. */
  lists: number;
}

function made(making: Making): Operations {
  const { rows, exchanges, wakeUps, perSecond, rowsRead, notes, staged, reads, lists } = making;
  const [r2A, r2B] = [1 + notes + lists + staged, 1 + reads + staged];
  const own: Operations = {
    r2A,
    r2B,
    rowWritten: rows,
    rowRead: rowsRead,
    queueOperation: wakeUps * MESSAGE,
    request: wakeUps,
    cpuMs: VARIANT_CPU_MS,
    objectRequest: exchanges,
    objectGbS: OBJECT_GB / perSecond,
    ...logged((wakeUps + exchanges) * EVENT_BYTES + wakeUps * LINE_BYTES),
    // A span for each call of a binding, of the engine and of the original, and for the invocations.
    ...traced((r2A + r2B + 2 * exchanges + wakeUps + 3) * LINE_BYTES),
  };
  // The edge reads the first bytes, which tell the type, and then all.
  return staged === 0 ? own : sum(own, viewed({ r2B: 2 }));
}

/** A view that the edge answers: one request, one event in the logs. */
function viewed(more: Operations): Operations {
  return { request: 1, cpuMs: VIEW_CPU_MS, ...logged(EVENT_BYTES), ...more };
}

/** Written once, and kept for `LOG_DAYS`. */
export function logged(logBytes: number): Operations {
  return { logBytes, logGbMonth: keptGbMonth(logBytes) };
}

function traced(spanBytes: number): Operations {
  return { spanBytes, spanGbMonth: keptGbMonth(spanBytes) };
}

function keptGbMonth(bytes: number): number {
  return (bytes / 1e9) * (LOG_DAYS / MONTH_DAYS);
}

/** Variants of an image that the default recipe makes. */
const DEFAULT_RECIPE = 11;

/** What a variant of a warming run takes at 20/s, with so many of each image: they share its note and its staged original. */
export function bulk(perImage: number): Operations {
  const each = 1 / Math.max(1, perImage);
  const perVariant = { exchanges: 0.38, wakeUps: 0.005, perSecond: 19, rowsRead: 20, lists: 0.005 };
  return made({ ...perVariant, rows: 6.85, notes: each, staged: perImage > 1 ? each : 0, reads: each });
}

const SIMULATED = "calls, messages and R2: the real code in virtual time; rows written: the budget test, in workerd";
const STAGED = `${SIMULATED}; the staged original: by its code, a put and a look an image, a request and two reads a job`;

export const PATHS = {
  bulk: {
    name: "bulk",
    one: "variant of a warming run at 20/s, eleven an image",
    counted: STAGED,
    operations: bulk(DEFAULT_RECIPE),
  },
  upload: {
    name: "upload",
    one: "variant of a hook with one image of six, alone",
    counted: STAGED,
    operations: sum(
      made({
        rows: 12.5,
        exchanges: 3.8,
        wakeUps: 1 / 6,
        perSecond: 6 / 5,
        rowsRead: 40,
        notes: 1 / 6,
        staged: 1 / 6,
        // The note, the placeholder, and the image's marker.
        reads: 3 / 6,
        lists: 0,
      }),
      // The hook itself: one request for six variants.
      { request: 1 / 6 },
    ),
  },
  live: {
    name: "live",
    one: "viewer's miss on an idle system, its job of 2 s, the original's redirect included",
    counted: SIMULATED,
    operations: sum(
      made({
        rows: 16,
        exchanges: 7,
        wakeUps: 0,
        perSecond: 1 / 2.76,
        rowsRead: 60,
        notes: 1,
        staged: 0,
        // The note. That the variant is not stored the edge has just seen.
        reads: 0,
        lists: 0,
      }),
      // The first miss at the edge: the variant, its image's note and one marker are read. The edge's call of the consumer is no request.
      viewed({ r2B: READS_PER_REQUEST.miss }),
    ),
  },
  hit: {
    name: "hit",
    one: "view answered from the data centre's cache",
    counted: "calls counted in workers/edge",
    operations: viewed({}),
  },
  storeHit: {
    name: "hit in R2",
    one: "view answered from R2",
    counted: "calls counted in workers/edge",
    operations: viewed({ r2B: READS_PER_REQUEST.hit }),
  },
  smallerHit: {
    name: "hit in R2, twice",
    one: "view by `f=auto` answered from R2, of a larger variant",
    counted: "calls counted in workers/edge",
    operations: viewed({ r2B: READS_PER_REQUEST.hit + READS_PER_REQUEST.smaller }),
  },
  missedHead: {
    name: "HEAD of a miss",
    one: "HEAD of what is not stored, at most",
    counted: "calls counted in workers/edge",
    operations: viewed({ r2B: READS_PER_REQUEST.missedHead }),
  },
  miss: {
    name: "miss",
    one: "view of what is not stored, at most, its message apart",
    counted: "calls counted in workers/edge",
    operations: viewed({ r2B: READS_PER_REQUEST.miss }),
  },
  larger: {
    name: "larger",
    one: "variant that is larger than a later format of its picture, on top of it (photos from 320 px up: none of 168)",
    counted: "calls counted in making",
    operations: { r2A: 1, r2B: 1 },
  },
  stored: {
    name: "stored",
    one: "variant of 30 kB that is kept for a month",
    counted: "its size",
    operations: { r2GbMonth: 30e-6 },
  },
  counted: {
    name: "counted",
    one: "view that is counted, on top of it (one in `countViews`)",
    counted: "the binding's calls",
    operations: { dataPoint: 1 },
  },
} satisfies Record<string, Path>;

/** Share of events that the logs keep, as shipped (`head_sampling_rate`). */
export const SHIPPED_LOGS = 0.01;

/** Share of the consumer's invocations whose spans are kept, as shipped (`traces.head_sampling_rate`); the edge has no traces. */
export const SHIPPED_TRACES = 0.05;

/** What a million may cost at list price with logs as shipped, in dollars; cost.test.ts fails beyond it. */
export const MOST_USD = { bulk: 14, hit: 0.4 } as const satisfies Partial<Record<keyof typeof PATHS, number>>;

export function sum(...all: Operations[]): Operations {
  const total: Operations = {};
  for (const operations of all)
    for (const [unit, count] of entries(operations)) total[unit] = (total[unit] ?? 0) + count;
  return total;
}

export function times(operations: Operations, factor: number): Operations {
  return Object.fromEntries(entries(operations).map(([unit, count]) => [unit, count * factor]));
}

export function entries(operations: Operations): [Unit, number][] {
  return Object.entries(operations) as [Unit, number][];
}

/** List price, without what a plan includes. `logs`: the share of events that is kept. */
export function listUsd(operations: Operations, logs: number): number {
  return entries(operations).reduce((usd, [unit, count]) => usd + count * PRICES[unit].usd * keptShare(unit, logs), 0);
}

/** A month's bill beyond the plan: what it includes is free, and the rest is rounded up to whole lots. */
export function billedUsd(operations: Operations, logs: number): number {
  return entries(operations).reduce((usd, [unit, count]) => usd + billedUnits(unit, count, logs) * PRICES[unit].usd, 0);
}

/** Of so many units of a month those that are paid for. */
export function billedUnits(unit: Unit, count: number, logs: number): number {
  const { included, lot } = PRICES[unit];
  const beyond = Math.max(0, count * keptShare(unit, logs) - included);
  return lot === 0 ? beyond : Math.ceil(beyond / lot) * lot;
}

export function keptShare(unit: Unit, logs: number): number {
  if (unit === "spanBytes" || unit === "spanGbMonth") return SHIPPED_TRACES;
  return unit === "logBytes" || unit === "logGbMonth" ? logs : 1;
}
