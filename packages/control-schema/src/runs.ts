import * as z from "zod";
import type { CallTable } from "./call.ts";
import { WaitingFor } from "./jobs.ts";
import { Pace } from "./pace.ts";
import { Rejection } from "./warm.ts";
import {
  CountsByState,
  count,
  cursorOf,
  Lane,
  limit,
  milliseconds,
  moment,
  nextCursor,
  pageQuery,
  time,
} from "./words.ts";

export const Run = z
  .object({
    run: z.string(),
    label: z.string().nullable(),
    lane: Lane,
    state: z.enum(["accepting", "running", "done", "cancelled"]),
    createdAt: time,
    updatedAt: time,
    endedAt: time.nullable(),
    accepted: count,
    duplicates: count,
    existing: count,
    rejectedTotal: count.meta({ description: "Items of its requests that were refused at the door" }),
    who: z.string().nullable().meta({ description: "Who asked; null: a hook, or unknown" }),
    first: time
      .nullable()
      .meta({ description: "Since when it goes before the other runs of its lane; null: it takes turns with them" }),
    outcome: z
      .enum(["ok", "with failures", "failed"])
      .nullable()
      .meta({ description: "Of a run that is done. failed: nothing was stored, or every item was refused" }),
    waitingFor: WaitingFor,
    total: count.meta({ description: "Variants this run waits for or waited for: accepted and joined ones" }),
    done: count.meta({ description: "Variants of `total` that have ended" }),
    states: CountsByState,
    pace: Pace,
    paid: z
      .object({ jobs: count, amount: z.number().nullable() })
      .nullable()
      .meta({ description: "Its jobs at Ittybit so far, and what they cost; null in a list of runs" }),
    timeToReady: z
      .object({ p50: milliseconds.nullable(), p95: milliseconds.nullable() })
      .meta({ description: "From acceptance to stored, in milliseconds" }),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

export const RunPatch = z
  .strictObject({
    first: z.boolean().meta({
      description:
        "true: its jobs go before those of the other runs of their lane, which pays as before; false: in turn again",
    }),
  })
  .meta({ id: "RunPatch" });

export const RunPage = z.object({ runs: z.array(Run), nextCursor }).meta({ id: "RunPage" });

export const RejectedPage = z
  .object({ rejected: z.array(Rejection), nextCursor })
  .meta({ id: "RejectedPage", description: "Up to 1,000 of each request are kept" });

export const runsQuery = pageQuery.extend({
  state: z.enum(["open", "done", "cancelled"]).optional(),
  label: z.string().max(200).optional().meta({ description: "A part of the label, in any case of ASCII letters" }),
  from: moment.meta({ description: "Unix milliseconds: only runs that were ordered since then" }),
  to: moment.meta({ description: "Unix milliseconds: only runs that were ordered until then" }),
});

/** A run's name in a path. */
export const runParams = z.object({ run: z.string().min(1).max(80) });
const noRun = { 404: "No such run" };

export const runCalls = {
  "GET /api/v1/runs": {
    id: "listRuns",
    tag: "runs",
    may: "viewer",
    summary: "Runs, newest first",
    description: "With progress, pace and the time that its variants took.",
    query: runsQuery,
    answers: { 200: [RunPage, "A page of runs"] },
  },
  "GET /api/v1/runs/{run}": {
    id: "getRun",
    tag: "runs",
    may: "viewer",
    summary: "One run's progress",
    description: "With its pace and the time that its variants took.",
    params: runParams,
    answers: { 200: [Run, "The run"] },
    refusals: noRun,
  },
  "GET /api/v1/runs/{run}/rejected": {
    id: "listRejected",
    tag: "runs",
    may: "viewer",
    summary: "The items of a run's requests that were refused, by their place in the body",
    description: "The first 1,000 of each request are kept.",
    params: runParams,
    query: z.object({ limit, cursor: cursorOf(/^\d{1,12}-\d{1,6}$/) }),
    answers: { 200: [RejectedPage, "A page of them"] },
  },
  "PATCH /api/v1/runs/{run}": {
    id: "promoteRun",
    tag: "runs",
    may: "promote",
    summary: "Let a run go first in its lane, or take that back",
    description:
      "No job changes its lane: viewers and uploads go before bulk as ever, and the budget of those who asked pays. Runs that go first take turns.",
    params: runParams,
    body: RunPatch,
    answers: { 200: [Run, "The run"] },
    refusals: { ...noRun, 409: "The run is over" },
  },
  "DELETE /api/v1/runs/{run}": {
    id: "cancelRun",
    tag: "runs",
    may: "cancel",
    summary: "Cancel what nobody else waits for",
    description: "Asynchronous: the run is closed at once, its rows follow in slices.",
    params: runParams,
    answers: { 202: [Run, "The run is cancelled"] },
    refusals: noRun,
  },
} as const satisfies CallTable;
