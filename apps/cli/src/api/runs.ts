import type { Run } from "@prewarm/control-schema/runs";
import { OPEN_STATES } from "@prewarm/shared/job";
import { shapeOf } from "../platform/check-shape.ts";
import type { ControlApi } from "./control-api.ts";

export const COUNTS = {
  queued: "number",
  processing: "number",
  retrying: "number",
  stored: "number",
  dead: "number",
  refused: "number",
  cancelled: "number",
} as const;

export const RUN = shapeOf<Run>({
  run: "text",
  "label|null": "text",
  lane: "text",
  state: "text",
  total: "number",
  done: "number",
  states: COUNTS,
  ratePerSecond: "number",
  "etaSeconds|null": "number",
  timeToReady: { "p50|null": "number", "p95|null": "number" },
  createdAt: "number",
});

/** `deadline`: Unix ms after which it is not asked again. */
export function getRun(api: ControlApi, run: string, deadline?: number): Promise<Run> {
  const sending = { what: `run ${run}`, ...(deadline === undefined ? {} : { deadline }) };
  return api.call("GET /api/v1/runs/{run}", { params: { run } }, RUN, sending);
}

/** True when nothing of the run is left to do, however it went. */
export function hasEnded({ state, states }: Run): boolean {
  return state !== "accepting" && OPEN_STATES.every((open) => states[open] === 0);
}

/** Variants that ended without being stored. */
export function failedCount({ states }: Pick<Run, "states">): number {
  return states.dead + states.refused + states.cancelled;
}

/** The run as `--json` prints it; fields are only ever added (docs/cli.md). */
export function formatRunJson(run: Run): Record<string, unknown> {
  const { label, lane, state, total, done, states, ratePerSecond, etaSeconds, timeToReady, createdAt } = run;
  const readyMs = { p50: timeToReady.p50, p95: timeToReady.p95 };
  return { run: run.run, label, lane, state, total, done, states, ratePerSecond, etaSeconds, readyMs, createdAt };
}
