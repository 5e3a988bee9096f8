import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import type { RunView } from "../ledger/contract.ts";
import { operator, viewer } from "./endpoint.ts";
import {
  answer,
  byState,
  count,
  cursor,
  lane,
  limit,
  milliseconds,
  nextCursor,
  refusal,
  refusals,
  time,
} from "./schema-words.ts";

const run = z
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

const params = z.object({ run: z.string().min(1).max(80) });

export const runs = [
  viewer(
    {
      method: "get",
      path: "/api/v1/runs",
      tags: ["runs"],
      summary: "Runs, newest first",
      request: { query: z.object({ limit, cursor, state: z.enum(["open", "done", "cancelled"]).optional() }) },
      responses: {
        200: answer(z.object({ runs: z.array(run), nextCursor }).openapi("RunPage"), "A page of runs"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null, state = null } = c.req.valid("query");
      const { runs, next } = await ledger.listRuns({ limit, cursor, state });
      return c.json({ runs: runs.map(runAnswer), nextCursor: next }, 200);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/runs/{run}",
      tags: ["runs"],
      summary: "One run's progress",
      request: { params },
      responses: { 200: answer(run, "The run"), ...refusals, 404: refusal("No such run") },
    },
    async (c, { ledger }) => c.json(runAnswer(found(await ledger.getRun(c.req.valid("param").run))), 200),
  ),
  operator(
    {
      method: "delete",
      path: "/api/v1/runs/{run}",
      tags: ["runs"],
      summary: "Cancel what nobody else waits for",
      description: "Asynchronous: the run is closed at once, its rows follow in slices.",
      request: { params },
      responses: { 202: answer(run, "The run is cancelled"), ...refusals, 404: refusal("No such run") },
    },
    async (c, { ledger }) => {
      const cancelled = await ledger.cancelRun(c.req.valid("param").run, c.get("caller").who);
      return c.json(runAnswer(found(cancelled)), 202);
    },
  ),
];

function found(view: RunView | null): RunView {
  if (view === null) throw new AppError("not_found", { detail: "No such run." });
  return view;
}

/** A run as the API shows it: sums, rate and what is left at that rate. */
function runAnswer(view: RunView): z.infer<typeof run> {
  const { states, ratePerSecond } = view;
  const left = states.queued + states.processing + states.retrying;
  const ended = states.stored + states.dead + states.refused + states.cancelled;
  const isOpen = view.state === "accepting" || view.state === "running";
  const eta = ratePerSecond > 0 ? left / ratePerSecond : null;
  return {
    run: view.run,
    label: view.label,
    lane: view.lane,
    state: view.state,
    createdAt: view.createdAt,
    updatedAt: view.updatedAt,
    endedAt: view.endedAt,
    accepted: view.accepted,
    duplicates: view.duplicates,
    existing: view.existing,
    total: left + ended,
    done: ended,
    states,
    ratePerSecond,
    etaSeconds: isOpen && left > 0 ? eta : left === 0 ? 0 : null,
    timeToReady: { p50: view.readyP50, p95: view.readyP95 },
  };
}
