import type { Part } from "@prewarm/control-schema/troubles";

/** What the codes of job-errors.ts that begin alike count against. The others: the original itself is refused. */
const PARTS_OF_CODES: readonly [begins: string, part: Part][] = [
  ["upstream_", "ittybit"],
  ["output_", "results"],
  ["source_", "configuration"],
  ["crashed", "queue"],
  ["key_unreadable", "queue"],
  ["internal", "queue"],
];

/** The part that failed where a job's error has this code. */
export function partOf(code: string): Part {
  return PARTS_OF_CODES.find(([begins]) => code.startsWith(begins))?.[1] ?? "originals";
}
