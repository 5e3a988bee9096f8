import { Run } from "@prewarm/control-schema/runs";
import { JOB_STATES, OPEN_STATES } from "@prewarm/shared/job";
import type * as z from "zod";
import type { ControlApi } from "./control-api.ts";

/** Of a run what this program relies on. */
export const SeenRun = Run.pick({
  run: true,
  label: true,
  lane: true,
  state: true,
  total: true,
  done: true,
  states: true,
  existing: true,
  pace: true,
  paid: true,
  timeToReady: true,
  createdAt: true,
});
export type SeenRun = z.infer<typeof SeenRun>;

/** `deadline`: Unix ms after which it is not asked again. */
export function getRun(api: ControlApi, run: string, deadline?: number): Promise<SeenRun> {
  const sending = { what: `run ${run}`, ...(deadline === undefined ? {} : { deadline }) };
  return api.call("GET /api/v1/runs/{run}", { params: { run } }, SeenRun, sending);
}

/** True when nothing of the run is left to do, however it went. */
export function hasEnded({ state, states }: SeenRun): boolean {
  return state !== "accepting" && OPEN_STATES.every((open) => states[open] === 0);
}

/** Variants that ended without being stored. */
export function failedCount({ states }: Pick<SeenRun, "states">): number {
  return states.dead + states.refused + states.cancelled;
}

/** Several runs as one: their counts together. A single one keeps its times. Null: there is none. */
export function sumOfRuns([first, ...others]: readonly SeenRun[]): SeenRun | null {
  if (first === undefined || others.length === 0) return first ?? null;
  const sum = { ...first, states: { ...first.states }, timeToReady: { p50: null, p95: null } };
  for (const { total, done, existing, states } of others) {
    sum.total += total;
    sum.done += done;
    sum.existing += existing;
    for (const state of JOB_STATES) sum.states[state] += states[state];
  }
  return sum;
}

/** The run as `--json` prints it: the fields of `SeenRun`, of which none is ever taken away (docs/cli.md). */
export function formatRunJson(run: SeenRun) {
  const { timeToReady: readyMs, ...fields } = SeenRun.parse(run);
  return { ...fields, readyMs };
}
