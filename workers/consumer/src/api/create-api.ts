import { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { invalidInput } from "../platform/invalid-input.ts";
import { guard } from "./access/guard.ts";
import { methodsOf } from "./access/route-access.ts";
import type { ApiEnv } from "./api-env.ts";
import type { ApiDeps } from "./deps.ts";
import { problemResponse, toAppError } from "./problem.ts";
import type { Api, Registrar } from "./registrar.ts";
import { registerActions } from "./routes/actions.ts";
import { registerDoctor } from "./routes/doctor.ts";
import { registerHooks } from "./routes/hooks.ts";
import { registerImages } from "./routes/images.ts";
import { registerJobs } from "./routes/jobs.ts";
import { registerRuns } from "./routes/runs.ts";
import { registerSession } from "./routes/session.ts";
import { registerStats } from "./routes/stats.ts";
import { registerSystem } from "./routes/system.ts";
import { registerWarm } from "./routes/warm.ts";

const AREAS: readonly Registrar[] = [
  registerWarm,
  registerRuns,
  registerJobs,
  registerActions,
  registerImages,
  registerStats,
  registerSession,
  registerSystem,
  registerDoctor,
  registerHooks,
];

/**
 * The control API, hooks, metrics and health as one app: `app.fetch(request, env, ctx)`. worker.ts mounts it for the paths that are no
 * assets; `ctx` is passed on for Cloudflare Access only.
 */
export function createApi(deps: ApiDeps): Api {
  const app: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.target, result.error);
    },
  });
  app.use(async (c, next) => {
    await next();
    c.header("Cache-Control", "no-store");
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  });
  app.use(guard(deps));
  for (const register of AREAS) register(app, deps);
  app.notFound((c) => problemResponse(missing(c.req.path)));
  app.onError((error) => problemResponse(toAppError(error, deps.log)));
  return app;
}

function missing(path: string): AppError {
  const methods = methodsOf(path);
  return methods.length === 0 ? new AppError("not_found") : new AppError("method_not_allowed", { allowed: methods });
}
