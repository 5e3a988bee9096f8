import type { createRoute } from "@hono/zod-openapi";
import { cancelActionRoute, createActionRoute, getActionRoute, listActionsRoute } from "./schemas/actions.ts";
import { auditRoute } from "./schemas/audit.ts";
import { listDeadRoute } from "./schemas/dead.ts";
import { doctorRoute } from "./schemas/doctor.ts";
import { getGateRoute, patchGateRoute } from "./schemas/gate.ts";
import { hookRoute } from "./schemas/hooks.ts";
import { getImageRoute, purgeImageRoute } from "./schemas/images.ts";
import { cancelJobRoute, getJobRoute, listJobsRoute, retryJobRoute } from "./schemas/jobs.ts";
import { cancelRunRoute, getRunRoute, listRunsRoute } from "./schemas/runs.ts";
import { closeSessionRoute, getSessionRoute, openSessionRoute } from "./schemas/session.ts";
import { historyRoute, statsRoute } from "./schemas/stats.ts";
import { healthzRoute, metricsRoute, openapiRoute, readyzRoute } from "./schemas/system.ts";
import { warmRoute } from "./schemas/warm.ts";

/** Who may call a route. `public` needs nothing here; a hook proves itself by its own verifier. */
export type Access = "public" | "viewer" | "operator";
export type Route = ReturnType<typeof createRoute>;

/** Every route there is, with who may call it. The guard and the document are both made of this table. */
export const ROUTES: readonly { route: Route; access: Access }[] = [
  { route: warmRoute, access: "operator" },
  { route: listRunsRoute, access: "viewer" },
  { route: getRunRoute, access: "viewer" },
  { route: cancelRunRoute, access: "operator" },
  { route: listJobsRoute, access: "viewer" },
  { route: getJobRoute, access: "viewer" },
  { route: retryJobRoute, access: "operator" },
  { route: cancelJobRoute, access: "operator" },
  { route: listDeadRoute, access: "viewer" },
  { route: createActionRoute, access: "operator" },
  { route: listActionsRoute, access: "viewer" },
  { route: getActionRoute, access: "viewer" },
  { route: cancelActionRoute, access: "operator" },
  { route: getImageRoute, access: "viewer" },
  { route: purgeImageRoute, access: "operator" },
  { route: statsRoute, access: "viewer" },
  { route: historyRoute, access: "viewer" },
  { route: getGateRoute, access: "viewer" },
  { route: patchGateRoute, access: "operator" },
  { route: auditRoute, access: "viewer" },
  { route: doctorRoute, access: "operator" },
  { route: openSessionRoute, access: "public" },
  { route: getSessionRoute, access: "viewer" },
  { route: closeSessionRoute, access: "viewer" },
  { route: hookRoute, access: "public" },
  { route: metricsRoute, access: "viewer" },
  { route: healthzRoute, access: "public" },
  { route: readyzRoute, access: "public" },
  { route: openapiRoute, access: "public" },
];
