import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** One file a bench, of its last run. */
export const RESULTS = join(import.meta.dirname, "results");

/** What was measured, as a ratio: to a limit, to something run beside it, or for each variant. */
export interface Figure {
  name: string;
  /** What it is divided by. */
  to: string;
  /** One for each time it was measured. */
  ratios: number[];
  atMost?: number;
  atLeast?: number;
}

export interface Summary {
  name: string;
  to: string;
  n: number;
  median: number;
  /** Smallest and largest. */
  spread: [number, number];
  target: string;
  met: boolean;
}

export function quantile(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The mean of the two in the middle when their number is even. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [below, above] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}

/** A target is met by the median; a figure without a number meets none. */
export function summarize({ name, to, ratios, atMost, atLeast }: Figure): Summary {
  const middle = median(ratios);
  const targets = [
    ...(atMost === undefined ? [] : [`≤ ${atMost}`]),
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
  ];
  const met =
    targets.length === 0 ||
    (middle <= (atMost ?? Number.POSITIVE_INFINITY) && middle >= (atLeast ?? Number.NEGATIVE_INFINITY));
  const spread: [number, number] = [Math.min(...ratios), Math.max(...ratios)];
  return { name, to, n: ratios.length, median: middle, spread, target: targets.join(" "), met };
}

export function figureTable(summaries: readonly Summary[]): string {
  const short = (value: number): string => (Math.abs(value) < 0.1 ? value.toFixed(4) : value.toFixed(2));
  const lines = summaries.map(({ name, to, n, median: middle, spread, target, met }) => {
    const [low, high] = spread;
    return `| ${name} | ${to} | ${short(middle)} | ${short(low)} … ${short(high)} | ${n} | ${target} | ${met ? "" : "MISSED"} |`;
  });
  return ["| figure | ratio to | median | spread | n | target | |", "|---|---|--:|---|--:|---|---|", ...lines].join(
    "\n",
  );
}

/** Prints a bench's figures, writes them to bench/results/, and fails the process beyond a target. */
export function report(bench: string, figures: readonly Figure[]): void {
  const summaries = figures.map(summarize);
  console.log(figureTable(summaries));
  mkdirSync(RESULTS, { recursive: true });
  const machine = { node: process.version, cores: availableParallelism() };
  writeFileSync(join(RESULTS, `${bench}.json`), `${JSON.stringify({ bench, machine, figures: summaries }, null, 2)}\n`);
  if (summaries.some(({ met }) => !met)) process.exitCode = 1;
}
