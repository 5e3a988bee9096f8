import {
  Action,
  type ActionFilter,
  type ActionKind,
  ActionPage,
  ActionPreview,
  ActionRequest,
} from "@prewarm/control-schema/actions";
import { pageQuery } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import { OPEN_STATES } from "@prewarm/shared/job";
import { number } from "@prewarm/shared/words";
import * as z from "zod";
import { ANY_JOB, type JobFilter } from "../console/calls.ts";
import { demand } from "./access/guard.ts";
import { operator, viewer } from "./endpoint.ts";
import { answer, jsonBody, refusal, refusals } from "./responses.ts";
import { applySearch } from "./search.ts";

/** Retries a second when the caller does not say: kind to Ittybit and to the other lanes. */
const RETRY_RATE = 100;

const params = z.object({ action: z.string().min(1).max(80) });

/** Retry and cancel of all that match, as objects with progress. */
export const actions = [
  operator(
    {
      method: "post",
      path: "/api/v1/actions",
      tags: ["actions"],
      summary: "Retry or cancel every job that matches",
      request: { body: jsonBody(ActionRequest) },
      responses: {
        200: answer(ActionPreview, "Dry run: what it would touch"),
        202: answer(Action, "Under way"),
        ...refusals,
        409: refusal("Nothing matches, or more jobs than were agreed to"),
      },
    },
    async (c, { ledger, clock }) => {
      const { action: kind, filter, rate, dryRun, canary = 0, agreed, all = false } = c.req.valid("json");
      const at = clock.now();
      demand(c.get("caller"), kind);
      const asked = actionMatch(filter, agreed?.at ?? at);
      if (dryRun !== true && !all && agreed === undefined && matchesEverything(asked)) throw unmeant();
      const match = actable(kind, asked);
      if (dryRun === true) {
        const preview = await ledger.countMatches(match);
        return c.json({ dryRun: true as const, kind, ...preview, at }, 200);
      }
      const wanted = {
        kind,
        filter,
        ...(agreed === undefined ? { match } : { match: asAgreed(kind, match, agreed.at) }),
        ...(agreed === undefined ? {} : { agreed: { ...agreed, now: match } }),
        canary,
        rate: rate ?? (kind === "retry" ? RETRY_RATE : null),
      };
      const created = await ledger.createAction({ ...wanted, who: c.get("caller").who });
      if (created === null) throw new ApiError("conflict", { detail: "Nothing matches: there is nothing to do." });
      if ("tooMany" in created) throw tooMany(created.tooMany, agreed?.total ?? 0);
      return c.json(created, 202);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/actions",
      tags: ["actions"],
      summary: "Actions, newest first",
      request: { query: pageQuery },
      responses: {
        200: answer(ActionPage, "A page"),
        ...refusals,
      },
    },
    async (c, { ledger }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { actions, next } = await ledger.listActions({ limit, cursor });
      return c.json({ actions, nextCursor: next }, 200);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/actions/{action}",
      tags: ["actions"],
      summary: "One action's progress",
      request: { params },
      responses: { 200: answer(Action, "The action"), ...refusals, 404: refusal("No such action") },
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
      responses: { 200: answer(Action, "The action"), ...refusals, 404: refusal("No such action") },
    },
    async (c, { ledger }) => {
      const { action } = c.req.valid("param");
      const caller = c.get("caller");
      demand(caller, answerIf(await ledger.getAction(action)).kind);
      return c.json(answerIf(await ledger.cancelAction(action, caller.who)), 200);
    },
  ),
];

function answerIf(found: Action | null): Action {
  if (found === null) throw new ApiError("not_found", { detail: "No such action." });
  return found;
}

/**
 * The matches that an operator has seen at a time (Unix ms): of a retry those that had failed by then, of other actions
 * those that were ordered by then.
 */
function asAgreed(kind: ActionKind, match: JobFilter, at: number): JobFilter {
  if (kind === "retry") return { ...match, changed: { from: 0, to: at } };
  const { from = 0, to = at } = match.ordered ?? {};
  return { ...match, ordered: { from, to: Math.min(to, at) } };
}

function tooMany(now: number, agreed: number): ApiError {
  return new ApiError("conflict", {
    detail: `${number(now)} jobs match, and you agreed to ${number(agreed)}: count again.`,
  });
}

/** An action's filter, read at a time (Unix ms). */
function actionMatch(filter: ActionFilter, now: number): JobFilter {
  const base: JobFilter = {
    ...ANY_JOB,
    states: filter.state === undefined ? [] : [filter.state].flat(),
    lanes: filter.lane === undefined ? [] : [filter.lane].flat(),
    run: filter.run ?? null,
    jobs: filter.jobs ?? null,
  };
  return applySearch(base, filter.search ?? "", now);
}

/** Whether a filter has no condition. A client whose variable was undefined sends it too. */
function matchesEverything(match: JobFilter): boolean {
  return Object.values(match).every((part) => part === null || (Array.isArray(part) && part.length === 0));
}

function unmeant(): ApiError {
  return new ApiError("body_invalid", {
    detail:
      'The filter has no condition, so every job matches. Name a condition; or send "all": true, or what a dry run counted as "agreed".',
  });
}

/** Narrows a filter to the states that the action can act on; a filter of other states only matches nothing. */
function actable(kind: ActionKind, match: JobFilter): JobFilter {
  const allowed = kind === "retry" ? (["dead", "refused", "cancelled", "retrying"] as const) : OPEN_STATES;
  // A retry that names no state acts on dead jobs only. Cancelled jobs were stopped on purpose, and the same original is refused again: a
  // retry has to name them.
  const asked = match.states.length > 0 ? match.states : kind === "retry" ? (["dead"] as const) : OPEN_STATES;
  const states = asked.filter((state) => allowed.some((one) => one === state));
  if (states.length === 0)
    throw new ApiError("conflict", { detail: `No job in these states can be acted on: ${asked.join(", ")}.` });
  return { ...match, states: [...states] };
}
