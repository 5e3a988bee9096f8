import { OpenAPIHono } from "@hono/zod-openapi";
import { type AnyCall, CALLS, type Calls } from "@prewarm/control-schema/calls";
import { ApiError } from "@prewarm/shared/api-errors";
import { secureHeaders } from "hono/secure-headers";
import { getPath } from "hono/utils/url";
import type { AnsweringCalls } from "../ledger/ledger-for.ts";
import { invalidInput } from "../platform/invalid-input.ts";
import { createGuard } from "./access/guard.ts";
import { actions } from "./actions.ts";
import { answerByRead } from "./answer-by-read.ts";
import { causes } from "./causes.ts";
import { costs } from "./costs.ts";
import { coverage } from "./coverage.ts";
import type { ApiDeps } from "./deps.ts";
import { doctor } from "./doctor.ts";
import { type Answering, type Api, type ApiEnv, type Endpoint, endpointOf, routingPath } from "./endpoint.ts";
import { events } from "./events.ts";
import { exports } from "./export.ts";
import { gate } from "./gate.ts";
import { hooks } from "./hooks.ts";
import { imageActions } from "./image-actions.ts";
import { images } from "./images.ts";
import { info } from "./info.ts";
import { jobs } from "./jobs.ts";
import { ledger } from "./ledger.ts";
import { metrics } from "./metrics.ts";
import { documentOf } from "./openapi.ts";
import { problemResponse, toAppError } from "./problem.ts";
import { receipts } from "./receipts.ts";
import { recipe } from "./recipe.ts";
import { removal } from "./removal.ts";
import { nameRequests } from "./request-id.ts";
import { revalidate } from "./revalidate.ts";
import { runs } from "./runs.ts";
import { serving } from "./serving.ts";
import { session } from "./session.ts";
import { stats } from "./stats.ts";
import { system } from "./system.ts";
import { thumbs } from "./thumbs.ts";
import { troubles } from "./troubles.ts";
import { warm } from "./warm.ts";

/** The calls that a read of the ledger answers. */
type ReadCall = { [C in AnyCall]: Calls[C]["id"] extends keyof AnsweringCalls ? C : never }[AnyCall];

/** What answers the other calls, by name. The compiler names a call that nothing answers. */
const HANDLERS = {
  ...warm,
  ...runs,
  ...receipts,
  ...jobs,
  ...exports,
  ...causes,
  ...actions,
  ...images,
  ...removal,
  ...imageActions,
  ...thumbs,
  ...info,
  ...stats,
  ...serving,
  ...costs,
  ...gate,
  ...troubles,
  ...events,
  ...doctor,
  ...ledger,
  ...session,
  ...hooks,
  ...coverage,
  ...recipe,
  ...metrics,
  ...system,
  "GET /openapi.json": documentOf(() => ENDPOINTS),
} satisfies { [C in Exclude<AnyCall, ReadCall>]: Answering<C> };

/** Every call there is. The app, the guard and the document are all made of this list. */
export const ENDPOINTS: readonly Endpoint[] = (Object.keys(CALLS) as AnyCall[]).map((name) =>
  endpointOf(name, name in HANDLERS ? (HANDLERS[name as keyof typeof HANDLERS] as never) : answerByRead(name)),
);

/** With these anybody may guess a short token, and results may come from a private network. */
const NOT_LOCAL =
  "LOCAL or ALLOW_LOOPBACK is set, which are for a developer's machine, and this call came through Cloudflare: delete them.";

/**
 * The control API, hooks, metrics and health as one app: `app.fetch(request, env, ctx)`. worker.ts mounts it for the paths that are no
 * assets; `ctx` is passed on for Cloudflare Access only.
 */
export function createApi(deps: ApiDeps): Api {
  const app: Api = new OpenAPIHono<ApiEnv>({
    getPath: (request) => withWholeId(getPath(request)),
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.target, result.error);
    },
  });
  const admit = createGuard(deps);
  app.use(nameRequests(deps));
  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      // A year, on this host only: `includeSubDomains` would bind other hosts of the site, which is the site owner's decision.
      strictTransportSecurity: deps.isLocal ? false : "max-age=31536000",
    }),
  );
  app.use(async (c, next) => {
    if (deps.isLocal && c.req.header("CF-Ray") !== undefined)
      throw new ApiError("not_configured", { detail: NOT_LOCAL });
    // Tokens and sessions must not travel in the clear. A redirect would come too late: the first request has carried its token already.
    if (!deps.isLocal && !c.req.url.startsWith("https:")) throw new ApiError("https_required");
    await next();
  });
  app.use("/api/v1/*", revalidate);
  for (const endpoint of ENDPOINTS) endpoint.mount(app, admit(endpoint.access));
  refuseTheRest(app, admit("operator"));
  app.onError((error, c) => {
    const { deps: own, requestId } = c.var;
    return problemResponse(toAppError(error, own.log), { url: c.req.url, requestId });
  });
  return app;
}

const OF_ONE_IMAGE = ["/api/v1/images/", "/api/v1/thumbs/"];

/** It stands behind an id, so the path of an image whose id ends so must have it as one encoded segment. */
const PARTS = ["/focal", "/orders", "/remove", "/removal", "/unblock"];

/** An image's id may stand as one encoded segment or as the rest of the path: something in between may have decoded it (and assets do). */
function withWholeId(path: string): string {
  const before = OF_ONE_IMAGE.find((one) => path.startsWith(one));
  if (before === undefined) return path;
  const after = PARTS.find((part) => path.endsWith(part)) ?? "";
  return before + path.slice(before.length, path.length - after.length).replaceAll("/", "%2F") + after;
}

/**
 * A wrong method is answered 405 and an unknown path 404, but only to operators, and of what anybody may call to anybody. Everybody else
 * gets 401 or 403, as from a call that exists.
 */
function refuseTheRest(app: Api, admit: ReturnType<ReturnType<typeof createGuard>>): void {
  for (const [path, endpoints] of Map.groupBy(ENDPOINTS, ({ route }) => routingPath(route))) {
    const allowed = endpoints.map(({ route }) => route.method.toUpperCase());
    const refuse = () => {
      throw new ApiError("method_not_allowed", { allowed });
    };
    if (endpoints.every(({ access }) => access === "public" || access === "anybody")) app.all(path, refuse);
    else app.all(path, admit, refuse);
  }
  app.all("*", admit, () => {
    throw new ApiError("not_found");
  });
}
