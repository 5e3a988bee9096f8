import {
  answer,
  byState,
  count,
  createRoute,
  cursor,
  lane,
  limit,
  milliseconds,
  nextCursor,
  refusal,
  refusals,
  time,
  z,
} from "./common.ts";

export const run = z
  .object({
    run: z.string(),
    label: z.string().nullable(),
    lane,
    state: z.enum(["accepting", "running", "done", "cancelled"]),
    createdAt: time,
    updatedAt: time,
    endedAt: time.nullable(),
    accepted: count,
    duplicates: count,
    existing: count,
    total: count.openapi({ description: "Variants this run waits for or waited for: accepted and joined ones" }),
    done: count.openapi({ description: "Variants of `total` that have ended" }),
    states: byState,
    ratePerSecond: z.number().min(0).openapi({ description: "Variants that ended per second, last five minutes" }),
    etaSeconds: z.number().min(0).nullable(),
    timeToReady: z
      .object({ p50: milliseconds.nullable(), p95: milliseconds.nullable() })
      .openapi({ description: "From acceptance to stored, in milliseconds" }),
  })
  .openapi("Run");
export type Run = z.infer<typeof run>;

export const runParams = z.object({ run: z.string().min(1).max(80) });

export const listRunsRoute = createRoute({
  method: "get",
  path: "/api/v1/runs",
  tags: ["runs"],
  summary: "Runs, newest first",
  request: { query: z.object({ limit, cursor, state: z.enum(["open", "done", "cancelled"]).optional() }) },
  responses: {
    200: answer(z.object({ runs: z.array(run), nextCursor }).openapi("RunPage"), "A page of runs"),
    ...refusals,
  },
});

export const getRunRoute = createRoute({
  method: "get",
  path: "/api/v1/runs/{run}",
  tags: ["runs"],
  summary: "One run's progress",
  request: { params: runParams },
  responses: { 200: answer(run, "The run"), ...refusals, 404: refusal("No such run") },
});

export const cancelRunRoute = createRoute({
  method: "delete",
  path: "/api/v1/runs/{run}",
  tags: ["runs"],
  summary: "Cancel what nobody else waits for",
  description: "Asynchronous: the run is closed at once, its rows follow in slices.",
  request: { params: runParams },
  responses: { 202: answer(run, "The run is cancelled"), ...refusals, 404: refusal("No such run") },
});
