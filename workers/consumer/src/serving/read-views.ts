import { VIEW_COLUMNS as COLUMN, VIEW_OUTCOMES, type ViewOutcome } from "@prewarm/shared/views";
import * as z from "zod";
import type { Analytics } from "./analytics.ts";

/** Sums of one outcome and format within one step of time. */
export interface Views {
  /** Unix ms at which the step begins. */
  at: number;
  outcome: ViewOutcome;
  format: string;
  views: number;
  bytes: number;
  savedBytes: number;
  originalBytes: number;
}

/** A variant's key, and how often it was asked for in vain. */
export interface Missed {
  key: string;
  views: number;
}

const OUTCOMES: readonly string[] = VIEW_OUTCOMES;
/** 30 steps, 8 outcomes, and a few formats: more rows than these are not ours. */
const ROWS_MAX = 5_000;
/** Keys of at most 1,024 bytes. */
const MISSED_MAX = 30;

/** Hits have their shape in the column of the missed key. */
const [HITS, MISSES] = [
  `(${COLUMN.outcome} = 'cache' OR ${COLUMN.outcome} = 'store') AND ${COLUMN.missedKey} <> ''`,
  `${COLUMN.outcome} <> 'cache' AND ${COLUMN.outcome} <> 'store' AND ${COLUMN.missedKey} <> ''`,
];

const amount = z.coerce.number().transform((number) => (Number.isFinite(number) ? Math.round(number) : 0));
const row = z.object({
  step: amount,
  outcome: z.string().max(40),
  format: z.string().max(40),
  views: amount,
  bytes: amount,
  saved: amount,
  original: amount,
});
const missedRow = z.object({ missed: z.string().min(1).max(2_000), views: amount });

/** A point may stand for others twice: the edge weighs what it left out, the platform what it did. */
const WEIGHT = `_sample_interval * ${COLUMN.weight}`;
const sum = (column: string): string => `SUM(${WEIGHT} * ${column})`;
const since = (from: number): string => `timestamp >= toDateTime(${Math.floor(from / 1000)})`;

/** What was counted since `from` (Unix ms), by steps of so many seconds. */
export async function readViews({ dataset, query }: Analytics, from: number, stepSeconds: number): Promise<Views[]> {
  const step = `intDiv(toUInt32(timestamp), ${stepSeconds}) * ${stepSeconds}`;
  const rows = await query(
    `SELECT ${step} AS step, ${COLUMN.outcome} AS outcome, ${COLUMN.format} AS format, SUM(${WEIGHT}) AS views, ` +
      `${sum(COLUMN.bytes)} AS bytes, ${sum(COLUMN.savedBytes)} AS saved, ${sum(COLUMN.originalBytes)} AS original ` +
      `FROM ${dataset} WHERE ${since(from)} GROUP BY step, outcome, format ORDER BY step LIMIT ${ROWS_MAX}`,
  );
  return rows.flatMap((each) => {
    const { step: at, outcome, saved: savedBytes, original: originalBytes, ...others } = row.parse(each);
    // A later edge may count what this code does not know.
    return OUTCOMES.includes(outcome)
      ? [{ at: at * 1000, outcome: outcome as ViewOutcome, savedBytes, originalBytes, ...others }]
      : [];
  });
}

/** What viewers missed most since `from`, of what can be made. */
export async function readMissed({ dataset, query }: Analytics, from: number): Promise<Missed[]> {
  const rows = await query(
    `SELECT ${COLUMN.missedKey} AS missed, SUM(${WEIGHT}) AS views FROM ${dataset} ` +
      `WHERE ${since(from)} AND ${MISSES} GROUP BY missed ORDER BY views DESC LIMIT ${MISSED_MAX}`,
  );
  return rows.map((each) => {
    const { missed: key, views } = missedRow.parse(each);
    return { key, views };
  });
}

/** Of a hit the end of its key, and how often it was asked for. */
export interface Shape {
  name: string;
  views: number;
}

/** A missed variant on one day (UTC, in days since 1970). */
export interface MissedOnDay extends Missed {
  day: number;
}

/** Shapes: a few hundred that the closed set has, and those under signatures. Misses: the most frequent, which are the ones that count. */
const SHAPES_MAX = 2_000;
const MISSED_DAYS_MAX = 10_000;

export async function readShapes({ dataset, query }: Analytics, from: number): Promise<Shape[]> {
  const rows = await query(
    `SELECT ${COLUMN.missedKey} AS missed, SUM(${WEIGHT}) AS views FROM ${dataset} ` +
      `WHERE ${since(from)} AND ${HITS} GROUP BY missed ORDER BY views DESC LIMIT ${SHAPES_MAX}`,
  );
  return rows.map((each) => {
    const { missed: name, views } = missedRow.parse(each);
    return { name, views };
  });
}

export async function readMissedByDay({ dataset, query }: Analytics, from: number): Promise<MissedOnDay[]> {
  const rows = await query(
    `SELECT ${COLUMN.missedKey} AS missed, intDiv(toUInt32(timestamp), 86400) AS day, SUM(${WEIGHT}) AS views FROM ${dataset} ` +
      `WHERE ${since(from)} AND ${MISSES} GROUP BY missed, day ORDER BY views DESC LIMIT ${MISSED_DAYS_MAX}`,
  );
  return rows.map((each) => {
    const { missed: key, day, views } = missedRow.extend({ day: amount }).parse(each);
    return { key, day, views };
  });
}
