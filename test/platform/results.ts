import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Results } from "./run-checks.ts";

/** What one run of all checks observed. */
export interface Recorded {
  /** The day of the run. */
  day: string;
  /** The local runtime and its version, or Cloudflare. */
  on: string;
  results: Results;
}

export type Place = "local" | "cloudflare";
export type AllRecorded = Record<Place, Recorded | null>;

const FILE = join(import.meta.dirname, "results.json");

/** The last recorded run in each place; null: it was never run there. */
export function readRecorded(): AllRecorded {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** Keeps a run for the table in docs/internals/proofs.md. */
export function record(place: Place, recorded: Recorded): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readRecorded(), [place]: recorded }, null, 2)}\n`);
}
