import * as z from "zod";
import type { CallTable } from "./call.ts";
import { CountsByState, count, described, JobState, jobName, Lane, nextCursor, pageQuery, time } from "./words.ts";

/** What an action acts on, frozen when it is created. All that is given must match. */
export const ActionFilter = z
  .strictObject({
    state: z.union([JobState, z.array(JobState)]).optional(),
    lane: z.union([Lane, z.array(Lane)]).optional(),
    run: z.string().max(80).optional(),
    search: z.string().max(500).optional(),
    jobs: z.array(jobName).min(1).max(1000).optional().meta({ description: "Just these" }),
  })
  .meta({ id: "ActionFilter" });
export type ActionFilter = z.infer<typeof ActionFilter>;

const kind = z.enum(["retry", "cancel"]);
export type ActionKind = z.infer<typeof kind>;

/** What an operator agreed to: the answer of a dry run. */
export const Agreed = z
  .strictObject({
    at: time.meta({ description: "The dry run's `at`: what began to match after it is left alone" }),
    total: count.meta({ description: "The dry run's `total`: with more jobs than that the action is refused" }),
  })
  .meta({ id: "Agreed" });

export const ActionRequest = z
  .strictObject({
    action: kind,
    filter: ActionFilter,
    rate: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .meta({ description: "Jobs a second; default 100 for retry, unlimited for cancel" }),
    canary: z
      .number()
      .int()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: "Of a retry: so many first, and the others only once all of these are stored" }),
    dryRun: z.boolean().optional().meta({ description: "Only count" }),
    agreed: Agreed.optional(),
    all: z
      .literal(true)
      .optional()
      .meta({ description: "Every job is meant. Without it, and without `agreed`, a filter needs a condition" }),
  })
  .meta({ id: "ActionRequest" });
export type ActionRequest = z.infer<typeof ActionRequest>;

export const Action = z
  .object({
    action: z.string().meta({ description: "The action's id" }),
    kind,
    filter: ActionFilter,
    rate: z.number().nullable(),
    state: z
      .enum(["running", "done", "cancelled", "halted"])
      .meta({ description: "halted: of the canary not all were stored, so that it did not go on" }),
    canary: count.meta({ description: "So many go first; 0: none, or all of them are stored" }),
    run: z.string().nullable().meta({ description: "Of a retry: the run that its jobs are in" }),
    outcome: described(CountsByState, "What became of them").nullable(),
    total: count.meta({ description: "Jobs that matched at creation" }),
    exact: z.boolean().meta({ description: "False: counting stopped at a bound and `total` is a lower bound" }),
    done: count.meta({ description: "Jobs acted on" }),
    skipped: count.meta({ description: "Jobs that had changed since and were left alone" }),
    agreed: z.object({ at: time, total: count, left: count }).nullable().meta({
      description:
        "What the operator agreed to, and how many jobs had begun to match since and are left alone; null: the request named no count",
    }),
    createdAt: time,
    updatedAt: time,
    endedAt: time.nullable(),
    who: z.string(),
  })
  .meta({ id: "Action" });
export type Action = z.infer<typeof Action>;

export const ActionPage = z.object({ actions: z.array(Action), nextCursor }).meta({ id: "ActionPage" });

export const ActionPreview = z
  .object({
    dryRun: z.literal(true),
    kind,
    total: count,
    exact: z.boolean(),
    at: time.meta({ description: "When it was counted: the `at` of what an operator agrees to" }),
  })
  .meta({ id: "ActionPreview" });
export type ActionPreview = z.infer<typeof ActionPreview>;

const params = z.object({ action: z.string().min(1).max(80) });
const noAction = { 404: "No such action" };

export const actionCalls = {
  "POST /api/v1/actions": {
    id: "createAction",
    tag: "actions",
    may: "operator",
    summary: "Retry or cancel every job that matches",
    description:
      "An action goes on by itself, slice by slice. A dry run counts what it would touch. The caller needs the act `retry` or `cancel`.",
    body: ActionRequest,
    answers: { 200: [ActionPreview, "Dry run: what it would touch"], 202: [Action, "Under way"] },
    refusals: { 409: "Nothing matches, or more jobs than were agreed to" },
  },
  "GET /api/v1/actions": {
    id: "listActions",
    tag: "actions",
    may: "viewer",
    summary: "Actions, newest first",
    description: "Each with its progress.",
    query: pageQuery,
    answers: { 200: [ActionPage, "A page"] },
  },
  "GET /api/v1/actions/{action}": {
    id: "getAction",
    tag: "actions",
    may: "viewer",
    summary: "One action's progress",
    description: "Of a retry also what became of its jobs.",
    params,
    answers: { 200: [Action, "The action"] },
    refusals: noAction,
  },
  "DELETE /api/v1/actions/{action}": {
    id: "cancelAction",
    tag: "actions",
    may: "operator",
    summary: "Stop an action; what it has done stays done",
    description: "The caller needs the act that the action does.",
    params,
    answers: { 200: [Action, "The action"] },
    refusals: noAction,
  },
} as const satisfies CallTable;
