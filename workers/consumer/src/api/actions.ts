import type { Action, ActionFilter, ActionKind } from "@prewarm/control-schema/actions";
import { ApiError } from "@prewarm/shared/api-errors";
import { OPEN_STATES } from "@prewarm/shared/job";
import { number } from "@prewarm/shared/words";
import { ANY_JOB, type JobFilter } from "../console/calls.ts";
import { demand } from "./access/guard.ts";
import type { Resource } from "./endpoint.ts";
import { applySearch } from "./search.ts";

/** Retries a second when the caller does not say: kind to the engine and to the other lanes. */
const RETRY_RATE = 100;

/** Retry and cancel of all that match, as objects with progress. */
export const actions = {
  "POST /api/v1/actions": async ({ body, caller }, { ledger, clock }) => {
    const { action: kind, filter, rate, dryRun, canary = 0, agreed, all = false } = body;
    const at = clock.now();
    demand(caller, kind);
    const asked = actionMatch(filter, agreed?.at ?? at);
    if (dryRun !== true && !all && agreed === undefined && matchesEverything(asked)) throw unmeant();
    const match = actable(kind, asked);
    if (dryRun === true) {
      const preview = await ledger.countMatches(match);
      return { status: 200, body: { dryRun: true, kind, ...preview, at } };
    }
    const wanted = {
      kind,
      filter,
      ...(agreed === undefined ? { match } : { match: asAgreed(kind, match, agreed.at) }),
      ...(agreed === undefined ? {} : { agreed: { ...agreed, now: match } }),
      canary,
      rate: rate ?? (kind === "retry" ? RETRY_RATE : null),
    };
    const created = await ledger.createAction({ ...wanted, who: caller.who });
    if (created === null) throw new ApiError("conflict", { detail: "Nothing matches: there is nothing to do." });
    if ("tooMany" in created) throw tooMany(created.tooMany, agreed?.total ?? 0);
    return { status: 202, body: created };
  },
  "DELETE /api/v1/actions/{action}": async ({ params: { action }, caller }, { ledger }) => {
    demand(caller, answerIf(await ledger.getAction({ action })).kind);
    return answerIf(await ledger.cancelAction(action, caller.who));
  },
} satisfies Resource;

function answerIf(found: Action | null): Action {
  if (found === null) throw new ApiError("not_found", { detail: "No such action." });
  return found;
}

/**
 * The matches that an operator has seen at a time (Unix ms): of a retry those that had failed by then, of other actions
 * those that were ordered by then.
 */
function asAgreed(kind: ActionKind, match: JobFilter, at: number): JobFilter {
  const name = kind === "retry" ? "changed" : "ordered";
  const { from = 0, to = at } = match[name] ?? {};
  return { ...match, [name]: { from, to: Math.min(to, at) } };
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
