import type { Part } from "@prewarm/control-schema/troubles";
import { dayOf, memberStates, REFUSED } from "@prewarm/durable-queue";
import { type CauseCount, countCauses, type FailedState } from "../../console/causes.ts";
import { readFailures } from "../../console/tables/failures.ts";
import { readCosts } from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { LedgerNumbers } from "../calls.ts";
import { beginnings } from "../views/slices.ts";

/*
 * Failed attempts, dead jobs and refused variants, counted for the part that failed.
 */

/** The newest rows of a state that are read, however many have failed. */
export const NEWEST_MAX = 40;
/** Fewer refusals are a page or two, and no pattern; so is a smaller share. */
const REFUSED_MIN = 10;
const REFUSED_WARN = 0.2;
/** Runs whose refusals are judged at once. */
const RUNS_MAX = 5;

export interface Failures {
  /** Attempts that failed in the last five minutes, of those that ended. */
  failing: Failure[];
  /** Jobs that died in the last hour, of those that ended. */
  died: Failure[];
  /** Variants that were refused: of a run that had a refusal in the last hour, or of a folder in that hour. */
  refused: Refusal[];
}

export interface Failure {
  part: Part;
  /** Of the originals or the results. */
  host: string | null;
  n: number;
  of: number;
  /** When the newest of the failed jobs failed, Unix ms. */
  last: number;
  top: Top;
}

/** The cause that has most (`count`) of the newest failed jobs (`of`), and what its jobs have in common. */
export interface Top extends Pick<CauseCount, "cause" | "code" | "text" | "count"> {
  of: number;
  formats: string[];
  /** "": no common folder. */
  folder: string;
}

export interface Refusal extends Failure {
  /** Null: of a folder, in which viewers asked for images or several runs did. */
  run: { id: string; label: string | null } | null;
}

export function failuresOf(tx: ImageTx, { lately, hour }: LedgerNumbers["counted"]): Failures {
  const since = beginnings(tx.now);
  return {
    failing: byPart(tx, { n: lately.failed, of: lately.all }, ["retrying", "dead"], since.lately),
    died: byPart(tx, { n: hour.dead, of: hour.ended }, ["dead"], since.hour),
    refused: hour.refused === 0 ? [] : refusals(tx, since.hour),
  };
}

/** The parts of a count, by the share that each has in the newest failed jobs. Empty: none of these stands failed. */
function byPart(tx: ImageTx, { n, of }: { n: number; of: number }, states: FailedState[], from: number): Failure[] {
  if (n === 0) return [];
  const causes = countCauses(tx, { states, from, newest: NEWEST_MAX });
  const all = sumOf(causes);
  const parts = Map.groupBy(causes, ({ code }) => partOf(code)).values();
  return [...parts].map((own) => ({ ...topOf(tx, own), n: Math.round((n * sumOf(own)) / all), of }));
}

function topOf(tx: ImageTx, causes: readonly CauseCount[]): Omit<Failure, "n" | "of"> {
  const [top] = causes;
  if (top === undefined) throw new Error("a failure without a cause");
  const { cause, code, text, count, formats, prefixes } = top;
  const [first] = prefixes;
  const folder = prefixes.length === 1 && first !== undefined ? first.prefix : "";
  const known = { cause, code, text, count, of: sumOf(causes), formats: Object.keys(formats).sort(), folder };
  const last = Math.max(...causes.map(({ lastSeen }) => lastSeen));
  const part = partOf(code);
  return { part, host: hostOf(tx, part, top), last, top: known };
}

/** What the codes of job-errors.ts that begin alike count against. */
const PARTS_OF_CODES: readonly [begins: string, part: Part][] = [
  ["upstream_", "ittybit"],
  ["output_", "results"],
  ["source_", "configuration"],
  ["crashed", "queue"],
  ["key_unreadable", "queue"],
  ["internal", "queue"],
];

/** The part that failed where a job's error has this code. Of the other codes the original itself is refused. */
function partOf(code: string): Part {
  return PARTS_OF_CODES.find(([begins]) => code.startsWith(begins))?.[1] ?? "originals";
}

function hostOf(tx: ImageTx, part: Part, { text, sample }: CauseCount): string | null {
  if (part === "results") return hostIn(text);
  if (part !== "originals") return null;
  const [row] = tx.rows.loadIds([sample]);
  return row === undefined ? null : tx.originOf(row.group);
}

/** The host with which a message about a result begins. */
export function hostIn(message: string): string | null {
  return /^(?:No result can be fetched: )?([\w-]+(?:\.[\w-]+)*(?::\d+)?) /.exec(message)?.[1] ?? null;
}

/** Of the runs of the newest refusals, and of the folders of those that no such run has: of a folder only these count. */
function refusals(tx: ImageTx, from: number): Refusal[] {
  const found = readFailures(tx, REFUSED, { newest: NEWEST_MAX }).filter(({ last }) => last >= from);
  const runs = [...new Set(found.map(({ run }) => run))].filter((n) => n > 0).slice(0, RUNS_MAX);
  const ofRuns = new Map(runs.map((n) => [n, ofRun(tx, n, from)]));
  const others = Map.groupBy(
    found.filter(({ run }) => !ofRuns.get(run)),
    ({ folder }) => folder,
  );
  const folders = [...others].map(([folder, of]) => ({ folder, n: of.reduce((sum, { n }) => sum + n, 0) }));
  const many = folders.filter(({ n }) => n >= REFUSED_MIN);
  return [...ofRuns.values(), ...many.map((one) => ofFolder(tx, one, from))].filter((one) => one !== null);
}

/** Of all that the run has asked for. Null: few are refused. */
function ofRun(tx: ImageTx, number: number, from: number): Refusal | null {
  const run = tx.runs.byNumber(number);
  if (run === null) return null;
  const { stored, dead, refused } = memberStates(tx, run, []);
  if (!areMany(refused, stored + dead + refused)) return null;
  const causes = countCauses(tx, { states: ["refused"], from, run: number, newest: NEWEST_MAX });
  if (causes.length === 0) return null;
  return { ...topOf(tx, causes), n: refused, of: stored + dead + refused, run: { id: run.id, label: run.label } };
}

/** Of the refused, and of what was stored of the folder today (UTC). */
function ofFolder(tx: ImageTx, { folder, n }: { folder: string; n: number }, from: number): Refusal | null {
  const days = [tx.statistics.state.costs[dayOf(tx.now)], ...readCosts(tx.sql, tx.now, tx.now).values()];
  const stored = days.reduce((sum, places) => sum + (places?.[`folder ${folder}`]?.[1] ?? 0), 0);
  if (!areMany(n, n + stored)) return null;
  const causes = countCauses(tx, { states: ["refused"], from, folder, newest: NEWEST_MAX });
  return causes.length === 0 ? null : { ...topOf(tx, causes), n, of: n + stored, run: null };
}

function areMany(refused: number, of: number): boolean {
  return refused >= REFUSED_MIN && refused > REFUSED_WARN * of;
}

function sumOf(causes: readonly { count: number }[]): number {
  return causes.reduce((sum, { count }) => sum + count, 0);
}
