import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from "@hono/zod-openapi";
import type { Act } from "@prewarm/shared/acts";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import type { Context, MiddlewareHandler } from "hono";
import { bounded } from "../platform/bounded-body.ts";
import { refuseDeep } from "../platform/parse-body.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { refusal } from "./responses.ts";

/**
 * Who may make a call. `public` needs nothing here; a hook proves itself by its own verifier. `anybody`: it needs nothing either, and the handler
 * tells more to a caller that proves itself. `asking`: a viewer's, and who shows no token and is nobody gets an empty answer instead of a refusal.
 * An act: operators who may do it. `operator`: any of them, where the handler judges by the body.
 */
export type Access = "public" | "anybody" | "asking" | "viewer" | "operator" | Act;

/** Hono's environment: what the guard leaves for the handlers. A public call has no caller; one of `anybody` may have one. */
export interface ApiEnv {
  Variables: { caller: Caller };
}

export type Api = OpenAPIHono<ApiEnv>;

/** Bytes that a body may have, or that for each media type. */
export type BodyMax = number | ((mediaType: string) => number);

/** One call of the API: what the document says of it, who may make it, and what answers it. */
export interface Endpoint {
  route: RouteConfig;
  access: Access;
  /** A longer body cannot be read: whoever reads it gets 413. */
  bodyMax: BodyMax;
  /** Puts it into the app behind `admit`, which lets through whom `access` names. */
  mount(app: Api, admit: MiddlewareHandler<ApiEnv>, deps: ApiDeps): void;
}

type Answer<R extends RouteConfig> = ReturnType<RouteHandler<R, ApiEnv>>;
type Handler<R extends RouteConfig> = (c: Parameters<RouteHandler<R, ApiEnv>>[0], deps: ApiDeps) => Answer<R>;

function endpointFor(access: Access) {
  return <R extends RouteConfig>(route: R, handle: Handler<R>, bodyMax: BodyMax = BODY_MAX_BYTES): Endpoint => ({
    route: withTooLarge(route, bodyMax),
    access,
    bodyMax,
    mount: (app, admit, deps) => {
      // This function's signature has checked the handler against the route. The app cannot check it again, because R is open here.
      const middleware = [limitBody(bodyMax), admit, readBody];
      app.openapi({ ...strict(route), middleware } as RouteConfig, (c) => handle(c as never, deps) as never);
    },
  });
}

/** The document says of each call that takes a body how long it may be. */
function withTooLarge(route: RouteConfig, bodyMax: BodyMax): RouteConfig {
  const types = Object.keys(route.request?.body?.content ?? {});
  if (types.length === 0) return route;
  const limits = new Set(types.map((type) => bodyMaxOf({ bodyMax }, type).toLocaleString("en")));
  const description = `The body has more than ${[...limits].join(" or ")} bytes${limits.size > 1 ? ", by its type" : ""}`;
  return { ...route, responses: { ...route.responses, 413: refusal(description) } };
}

/** Whatever reads the body behind this reads no more of it than the row allows. */
function limitBody(bodyMax: BodyMax): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    c.req.raw = bounded(c.req.raw, bodyMaxOf({ bodyMax }, c.req.header("Content-Type") ?? null));
    return next();
  };
}

/** Reads the body before the framework does, which takes every failure for malformed JSON. Also of a call that takes none. */
const readBody: MiddlewareHandler<ApiEnv> = async (c, next) => {
  // biome-ignore lint/plugin: `bounded` holds the request's body
  if (c.req.raw.body !== null) refuseDeep(await c.req.text());
  await next();
};

/** A parameter that is not known is refused: left out, a misspelt filter would be none. */
function strict(route: RouteConfig): RouteConfig {
  const query = route.request?.query;
  return query instanceof z.ZodObject ? { ...route, request: { ...route.request, query: query.strict() } } : route;
}

export const open = endpointFor("public");
export const anybody = endpointFor("anybody");
export const asking = endpointFor("asking");
export const viewer = endpointFor("viewer");
export const operator = endpointFor("operator");
/** A call that is an act. */
export const acting = (act: Act) => endpointFor(act);

/** A call whose handler reads and checks the request itself. Otherwise the whole body is read before the handler sees its first byte. */
export function unread<R extends RouteConfig>(
  access: Access,
  route: R,
  handle: (c: Context<ApiEnv>, deps: ApiDeps) => Answer<R>,
  bodyMax: BodyMax = BODY_MAX_BYTES,
): Endpoint {
  return {
    route: withTooLarge(route, bodyMax),
    access,
    bodyMax,
    mount: (app, admit, deps) => {
      const path = [routingPath(route)];
      app.on(route.method.toUpperCase(), path, limitBody(bodyMax), admit, (c) => handle(c, deps) as Promise<Response>);
    },
  };
}

/** The limit of an endpoint's row for a body of this `Content-Type`. */
export function bodyMaxOf({ bodyMax }: Pick<Endpoint, "bodyMax">, contentType: string | null): number {
  if (typeof bodyMax === "number") return bodyMax;
  return bodyMax((contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "");
}

/** A route's path as Hono writes it: `/runs/:run` for `/runs/{run}`. */
export function routingPath(route: RouteConfig): string {
  return createRoute(route).getRoutingPath();
}
