import { JOB_STATES, type JobState, OPEN_STATES } from "@prewarm/shared/job";
import { type ControlApi, understand } from "./control-api.ts";
import { asObject, type Json, number, numberOrNull, text, textOrNull } from "./json-fields.ts";

/** A run as the control API tells it; the parts this program shows. */
export interface RunView {
  run: string;
  label: string | null;
  lane: string;
  state: string;
  total: number;
  done: number;
  states: Record<JobState, number>;
  ratePerSecond: number;
  etaSeconds: number | null;
  /** From acceptance to stored, in ms. */
  readyMs: { p50: number | null; p95: number | null };
  /** Unix ms. */
  createdAt: number;
}

export async function getRun(api: ControlApi, run: string, deadline?: number): Promise<RunView> {
  const call = { what: `run ${run}`, ...(deadline === undefined ? {} : { deadline }) };
  const json = await api.call("GET", `runs/${encodeURIComponent(run)}`, call);
  return understand("the run", () => readRun(json));
}

export function readRun(json: Json): RunView {
  const states = asObject(json.states, "states");
  const ready = asObject(json.timeToReady, "timeToReady");
  return {
    run: text(json, "run"),
    label: textOrNull(json, "label"),
    lane: text(json, "lane"),
    state: text(json, "state"),
    total: number(json, "total"),
    done: number(json, "done"),
    states: Object.fromEntries(JOB_STATES.map((state) => [state, number(states, state)])) as Record<JobState, number>,
    ratePerSecond: number(json, "ratePerSecond"),
    etaSeconds: numberOrNull(json, "etaSeconds"),
    readyMs: { p50: numberOrNull(ready, "p50"), p95: numberOrNull(ready, "p95") },
    createdAt: number(json, "createdAt"),
  };
}

/** Variants of the run that still have work to do. */
export function openCount({ states }: Pick<RunView, "states">): number {
  return OPEN_STATES.reduce((sum, state) => sum + states[state], 0);
}

/** True when nothing of the run is left to do, however it went. */
export function hasEnded(run: RunView): boolean {
  return run.state !== "accepting" && openCount(run) === 0;
}

/** Variants that ended without being stored. */
export function failedCount({ states }: Pick<RunView, "states">): number {
  return states.dead + states.cancelled;
}
