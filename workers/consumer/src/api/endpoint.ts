import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from "@hono/zod-openapi";
import type { Act } from "@prewarm/shared/acts";
import type { Context, MiddlewareHandler } from "hono";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";

/**
 * Who may make a call. `public` needs nothing here; a hook proves itself by its own verifier. `asking`: a viewer's, and who shows no token and is
 * nobody gets an empty answer instead of a refusal. An act: operators who may do it. `operator`: any of them, where the handler judges by the body.
 */
export type Access = "public" | "asking" | "viewer" | "operator" | Act;

/** Hono's environment: what the guard leaves for the handlers. A public call has no caller. */
export interface ApiEnv {
  Variables: { caller: Caller };
}

export type Api = OpenAPIHono<ApiEnv>;

/** One call of the API: what the document says of it, who may make it, and what answers it. */
export interface Endpoint {
  route: RouteConfig;
  access: Access;
  /** Puts it into the app behind `admit`, which lets through whom `access` names. */
  mount(app: Api, admit: MiddlewareHandler<ApiEnv>, deps: ApiDeps): void;
}

type Answer<R extends RouteConfig> = ReturnType<RouteHandler<R, ApiEnv>>;
type Handler<R extends RouteConfig> = (c: Parameters<RouteHandler<R, ApiEnv>>[0], deps: ApiDeps) => Answer<R>;

function endpointFor(access: Access) {
  return <R extends RouteConfig>(route: R, handle: Handler<R>): Endpoint => ({
    route,
    access,
    mount: (app, admit, deps) => {
      // This function's signature has checked the handler against the route. The app cannot check it again, because R is open here.
      app.openapi({ ...strict(route), middleware: admit } as RouteConfig, (c) => handle(c as never, deps) as never);
    },
  });
}

/** A parameter that is not known is refused: left out, a misspelt filter would be none. */
function strict(route: RouteConfig): RouteConfig {
  const query = route.request?.query;
  return query instanceof z.ZodObject ? { ...route, request: { ...route.request, query: query.strict() } } : route;
}

export const open = endpointFor("public");
export const asking = endpointFor("asking");
export const viewer = endpointFor("viewer");
export const operator = endpointFor("operator");
/** A call that is an act. */
export const acting = (act: Act) => endpointFor(act);

/** A call whose handler reads and checks the request itself. Otherwise the framework reads the whole body before the handler sees its first byte. */
export function unread<R extends RouteConfig>(
  access: Access,
  route: R,
  handle: (c: Context<ApiEnv>, deps: ApiDeps) => Answer<R>,
): Endpoint {
  return {
    route,
    access,
    mount: (app, admit, deps) => {
      app.on(route.method.toUpperCase(), [routingPath(route)], admit, (c) => handle(c, deps) as Promise<Response>);
    },
  };
}

/** A route's path as Hono writes it: `/runs/:run` for `/runs/{run}`. */
export function routingPath(route: RouteConfig): string {
  return createRoute(route).getRoutingPath();
}
