import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { OPEN_STATES } from "@prewarm/shared/job";
import type { ActionView, JobFilter } from "../ledger/contract.ts";
import { demand } from "./access/guard.ts";
import { operator, viewer } from "./endpoint.ts";
import {
  answer,
  byState,
  count,
  cursor,
  jobName,
  jobState,
  jsonBody,
  lane,
  limit,
  nextCursor,
  refusal,
  refusals,
  time,
} from "./schema-words.ts";
import { applySearch, emptyFilter } from "./search.ts";

/** Retries a second when the caller does not say: kind to Ittybit and to the other lanes. */
const RETRY_RATE = 100;

/** What an action acts on, frozen when it is created. All that is given must match. */
const actionFilter = z
  .strictObject({
    state: z.union([jobState, z.array(jobState)]).optional(),
    lane: z.union([lane, z.array(lane)]).optional(),
    run: z.string().max(80).optional(),
    search: z.string().max(500).optional(),
    fingerprint: z.string().max(80).optional().openapi({ description: "A group of dead letters" }),
    jobs: z.array(jobName).min(1).max(1000).optional().openapi({ description: "Just these" }),
  })
  .openapi("ActionFilter");
export type ActionFilter = z.infer<typeof actionFilter>;

const kinds = z
  .enum(["retry", "cancel", "promote"])
  .openapi({ description: "promote: open jobs go a lane higher, bulk with the uploads" });

const actionRequest = z
  .strictObject({
    action: kinds,
    filter: actionFilter,
    rate: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .openapi({ description: "Jobs a second; default 100 for retry, unlimited for cancel" }),
    canary: z
      .number()
      .int()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: "Of a retry: so many first, and the others only once all of these are stored" }),
    dryRun: z.boolean().optional().openapi({ description: "Only count" }),
  })
  .openapi("ActionRequest");

const action = z
  .object({
    action: z.string().openapi({ description: "The action's id" }),
    kind: kinds,
    filter: actionFilter,
    rate: z.number().nullable(),
    state: z
      .enum(["running", "done", "cancelled", "halted"])
      .openapi({ description: "halted: of the canary not all were stored, so that it did not go on" }),
    canary: count.openapi({ description: "So many go first; 0: none, or all of them are stored" }),
    run: z.string().nullable().openapi({ description: "Of a retry: the run that its jobs are in" }),
    outcome: byState.nullable().openapi({ description: "What became of them" }),
    total: count.openapi({ description: "Jobs that matched at creation" }),
    exact: z.boolean().openapi({ description: "False: counting stopped at a bound and `total` is a lower bound" }),
    done: count.openapi({ description: "Jobs acted on" }),
    skipped: count.openapi({ description: "Jobs that had changed since and were left alone" }),
    createdAt: time,
    updatedAt: time,
    endedAt: time.nullable(),
    who: z.string(),
  })
  .openapi("Action");

const actionPreview = z
  .object({ dryRun: z.literal(true), kind: kinds, total: count, exact: z.boolean() })
  .openapi("ActionPreview");

const params = z.object({ action: z.string().min(1).max(80) });

/** Retry and cancel of all that match, as objects with progress. */
export const actions = [
  operator(
    {
      method: "post",
      path: "/api/v1/actions",
      tags: ["actions"],
      summary: "Retry, cancel or promote every job that matches",
      request: { body: jsonBody(actionRequest) },
      responses: {
        200: answer(actionPreview, "Dry run: what it would touch"),
        202: answer(action, "Under way"),
        ...refusals,
        409: refusal("Nothing matches"),
      },
    },
    async (c, { ledger, clock }) => {
      const { action: kind, filter, rate, dryRun, canary = 0 } = c.req.valid("json");
      demand(c.get("caller"), kind);
      const match = actable(kind, actionMatch(filter, clock.now()));
      if (dryRun === true) {
        const preview = await ledger.countMatches(match);
        return c.json({ dryRun: true as const, kind, ...preview }, 200);
      }
      const wanted = {
        kind,
        filter: JSON.stringify(filter),
        ...{ match, canary },
        rate: rate ?? (kind === "retry" ? RETRY_RATE : null),
      };
      const created = await ledger.createAction({ ...wanted, who: c.get("caller").who });
      if (created === null) throw new AppError("conflict", { detail: "Nothing matches: there is nothing to do." });
      return c.json(actionAnswer(created), 202);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/actions",
      tags: ["actions"],
      summary: "Actions, newest first",
      request: { query: z.object({ limit, cursor }) },
      responses: {
        200: answer(z.object({ actions: z.array(action), nextCursor }).openapi("ActionPage"), "A page"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { actions, next } = await ledger.listActions({ limit, cursor });
      return c.json({ actions: actions.map(actionAnswer), nextCursor: next }, 200);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/actions/{action}",
      tags: ["actions"],
      summary: "One action's progress",
      request: { params },
      responses: { 200: answer(action, "The action"), ...refusals, 404: refusal("No such action") },
    },
    async (c, { ledger }) => c.json(answerIf(await ledger.getAction(c.req.valid("param").action)), 200),
  ),
  operator(
    {
      method: "delete",
      path: "/api/v1/actions/{action}",
      tags: ["actions"],
      summary: "Stop an action; what it has done stays done",
      request: { params },
      responses: { 200: answer(action, "The action"), ...refusals, 404: refusal("No such action") },
    },
    async (c, { ledger }) => {
      const { action } = c.req.valid("param");
      const caller = c.get("caller");
      demand(caller, answerIf(await ledger.getAction(action)).kind);
      return c.json(answerIf(await ledger.cancelAction(action, caller.who)), 200);
    },
  ),
];

function answerIf(found: ActionView | null): z.infer<typeof action> {
  if (found === null) throw new AppError("not_found", { detail: "No such action." });
  return actionAnswer(found);
}

/** The ledger keeps the filter as the text it was asked with. */
function actionAnswer(view: ActionView): z.infer<typeof action> {
  return { ...view, filter: actionFilter.parse(JSON.parse(view.filter)) };
}

/** An action's filter, read at a time (Unix ms). */
function actionMatch(filter: ActionFilter, now: number): JobFilter {
  const base: JobFilter = {
    ...emptyFilter(),
    states: filter.state === undefined ? [] : [filter.state].flat(),
    lanes: filter.lane === undefined ? [] : [filter.lane].flat(),
    run: filter.run ?? null,
    fingerprint: filter.fingerprint ?? null,
    jobs: filter.jobs ?? null,
  };
  return applySearch(base, filter.search ?? "", now);
}

/** Narrows a filter to the states that the action can act on; a filter of other states only matches nothing. */
function actable(kind: z.infer<typeof kinds>, match: JobFilter): JobFilter {
  const allowed = kind === "retry" ? (["dead", "refused", "cancelled", "retrying"] as const) : OPEN_STATES;
  // A retry that names no state acts on dead jobs only. Cancelled jobs were stopped on purpose, and the same original is refused again: a
  // retry has to name them.
  const asked = match.states.length > 0 ? match.states : kind === "retry" ? (["dead"] as const) : OPEN_STATES;
  const states = asked.filter((state) => allowed.some((one) => one === state));
  if (states.length === 0)
    throw new AppError("conflict", { detail: `No job in these states can be acted on: ${asked.join(", ")}.` });
  return { ...match, states: [...states] };
}
