import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { rejection } from "../intake/item.ts";
import type { RunView } from "../ledger/contract.ts";
import { acting, viewer } from "./endpoint.ts";
import { waitingFor } from "./jobs.ts";
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
    rejectedTotal: count.openapi({ description: "Items of its requests that were refused at the door" }),
    who: z.string().nullable().openapi({ description: "Who asked; null: a hook, or not told" }),
    outcome: z
      .enum(["ok", "with failures", "failed"])
      .nullable()
      .openapi({ description: "Of a run that is done. failed: nothing was stored, or every item was refused" }),
    waitingFor,
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

const rejectedPage = z
  .object({ rejected: z.array(rejection), nextCursor })
  .openapi("RejectedPage", { description: "Up to 1,000 of each request are kept" });

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
  viewer(
    {
      method: "get",
      path: "/api/v1/runs/{run}/rejected",
      tags: ["runs"],
      summary: "The items of a run's requests that were refused, by their place in the body",
      request: { params, query: z.object({ limit, cursor }) },
      responses: { 200: answer(rejectedPage, "A page of them"), ...refusals },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { rejected, next } = await ledger.listRejected({ run: c.req.valid("param").run, limit, cursor });
      return c.json({ rejected, nextCursor: next }, 200);
    },
  ),
  acting("cancel")(
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

/** A variant that was found in R2 is stored as well. */
function outcomeOf({ state, states, existing, rejected }: RunView): "ok" | "with failures" | "failed" | null {
  if (state !== "done") return null;
  const failed = states.dead + states.refused + rejected;
  if (failed === 0) return "ok";
  return states.stored + existing === 0 ? "failed" : "with failures";
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
    ...{ rejectedTotal: view.rejected, who: view.who, outcome: outcomeOf(view), waitingFor: view.waitingFor },
    total: left + ended,
    done: ended,
    states,
    ratePerSecond,
    etaSeconds: isOpen && left > 0 ? eta : left === 0 ? 0 : null,
    timeToReady: { p50: view.readyP50, p95: view.readyP95 },
  };
}
