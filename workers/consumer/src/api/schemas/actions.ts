import {
  answer,
  count,
  createRoute,
  cursor,
  jobState,
  jsonBody,
  lane,
  limit,
  nextCursor,
  refusal,
  refusals,
  time,
  z,
} from "./common.ts";

/** What an action acts on, frozen when it is created. All that is given must match. */
export const actionFilter = z
  .strictObject({
    state: z.union([jobState, z.array(jobState)]).optional(),
    lane: z.union([lane, z.array(lane)]).optional(),
    run: z.string().max(80).optional(),
    search: z.string().max(500).optional(),
    fingerprint: z.string().max(80).optional().openapi({ description: "A group of dead letters" }),
    jobs: z
      .array(z.string().regex(/^[0-9a-f]{16}$/))
      .min(1)
      .max(1000)
      .optional()
      .openapi({ description: "Just these" }),
  })
  .openapi("ActionFilter");
export type ActionFilter = z.infer<typeof actionFilter>;

export const actionBody = z
  .strictObject({
    action: z.enum(["retry", "cancel"]),
    filter: actionFilter,
    rate: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .openapi({ description: "Jobs a second; default 100 for retry, unlimited for cancel" }),
    dryRun: z.boolean().optional().openapi({ description: "Only count" }),
  })
  .openapi("ActionRequest");

export const action = z
  .object({
    action: z.string().openapi({ description: "The action's id" }),
    kind: z.enum(["retry", "cancel"]),
    filter: actionFilter,
    rate: z.number().nullable(),
    state: z.enum(["running", "done", "cancelled"]),
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
export type Action = z.infer<typeof action>;

export const actionPreview = z
  .object({ dryRun: z.literal(true), kind: z.enum(["retry", "cancel"]), total: count, exact: z.boolean() })
  .openapi("ActionPreview");

const params = z.object({ action: z.string().min(1).max(80) });

export const createActionRoute = createRoute({
  method: "post",
  path: "/api/v1/actions",
  tags: ["actions"],
  summary: "Retry or cancel every job that matches",
  request: { body: jsonBody(actionBody) },
  responses: {
    200: answer(actionPreview, "Dry run: what it would touch"),
    202: answer(action, "Under way"),
    ...refusals,
    409: refusal("Nothing matches"),
  },
});

export const listActionsRoute = createRoute({
  method: "get",
  path: "/api/v1/actions",
  tags: ["actions"],
  summary: "Actions, newest first",
  request: { query: z.object({ limit, cursor }) },
  responses: {
    200: answer(z.object({ actions: z.array(action), nextCursor }).openapi("ActionPage"), "A page"),
    ...refusals,
  },
});

export const getActionRoute = createRoute({
  method: "get",
  path: "/api/v1/actions/{action}",
  tags: ["actions"],
  summary: "One action's progress",
  request: { params },
  responses: { 200: answer(action, "The action"), ...refusals, 404: refusal("No such action") },
});

export const cancelActionRoute = createRoute({
  method: "delete",
  path: "/api/v1/actions/{action}",
  tags: ["actions"],
  summary: "Stop an action; what it has done stays done",
  request: { params },
  responses: { 200: answer(action, "The action"), ...refusals, 404: refusal("No such action") },
});
