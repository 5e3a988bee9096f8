import { createRoute, type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Access, AnswerRow, CallRow } from "@prewarm/control-schema/call";
import { type AnyCall, type BodyOf, type CallName, type Calls, rowOf } from "@prewarm/control-schema/calls";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import type { Context, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { bounded, refuseDeep } from "../platform/request-body.ts";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";
import { routeOf } from "./route-of.ts";

/**
 * Hono's environment: the request's id, `deps` as it uses them, and what the guard leaves for the handlers. A public call has no
 * caller; one of `anybody` may have one.
 */
export interface ApiEnv {
  Variables: { requestId: string; deps: ApiDeps; caller: Caller };
}

export type Api = OpenAPIHono<ApiEnv>;

/** One call of the API: what the document says of it, who may make it, and what answers it. */
export interface Endpoint {
  route: RouteConfig;
  access: Access;
  /** A longer body cannot be read: whoever reads it gets 413. */
  bodyMax: NonNullable<CallRow["bodyMax"]>;
  /** Puts it into the app behind `admit`, which lets through whom `access` names. */
  mount(app: Api, admit: MiddlewareHandler<ApiEnv>): void;
}

type Part<C extends AnyCall, P extends string> =
  Calls[C] extends Record<P, infer S extends z.ZodType> ? z.output<S> : undefined;

/** A request of a call, as its schemas read it. */
export interface Asked<C extends AnyCall> {
  params: Part<C, "params">;
  query: Part<C, "query">;
  body: Part<C, "body">;
  caller: Caller;
  c: Context<ApiEnv>;
}

type Statuses<C extends AnyCall> = Calls[C]["answers"];
type ByStatus<A> = { [S in keyof A]: { status: S; body: BodyOf<A[S]> } }[keyof A];
type IsOne<T, U = T> = T extends unknown ? ([U] extends [T] ? true : false) : never;
/** The body, or with several statuses one of them with its body. A response is answered as it is. */
type Result<C extends AnyCall> =
  | Response
  | (C extends CallName
      ? IsOne<keyof Statuses<C>> extends true
        ? BodyOf<Statuses<C>[keyof Statuses<C>]>
        : ByStatus<Statuses<C>>
      : never);

export type Handler<C extends AnyCall> = (asked: Asked<C>, deps: ApiDeps) => Result<C> | Promise<Result<C>>;

/** A handler that reads and checks the request itself. Before all others the whole body is read. */
export interface Unread<C extends AnyCall> {
  unread(asked: Pick<Asked<C>, "caller" | "c">, deps: ApiDeps): Promise<Result<C>>;
}

/** What answers a call. */
export type Answering<C extends AnyCall> = Handler<C> | Unread<C>;

/** What answers the calls of a resource. */
export type Resource = { [C in AnyCall]?: Answering<C> };

/** A call of the table with what answers it. */
export function endpointOf(name: AnyCall, answering: Answering<never>): Endpoint {
  const row = rowOf(name);
  const route = routeOf(name, row);
  const { may: access, bodyMax = BODY_MAX_BYTES } = row;
  const handle = (typeof answering === "function" ? answering : answering.unread) as (
    asked: unknown,
    deps: ApiDeps,
  ) => Promise<unknown>;
  return {
    route,
    access,
    bodyMax,
    mount: (app, admit) => {
      const answer = async (c: Context<ApiEnv>) =>
        respond(c, row, await handle(askedOf(c, row, answering), c.get("deps")));
      const middleware = [limitBody(bodyMax), admit];
      if (typeof answering === "function")
        app.openapi({ ...strict(route), middleware: [...middleware, readBody] } as RouteConfig, answer as never);
      else app.on(route.method.toUpperCase(), [routingPath(route)], ...middleware, answer);
    },
  };
}

function askedOf(c: Context<ApiEnv>, row: CallRow, answering: Answering<never>): Partial<Asked<AnyCall>> {
  const caller = c.get("caller");
  if (typeof answering !== "function") return { caller, c };
  const valid = (target: string, schema: unknown) =>
    schema === undefined ? undefined : (c.req.valid(target as never) as never);
  return {
    caller,
    c,
    params: valid("param", row.params),
    query: valid("query", row.query),
    body: valid("json", row.body),
  };
}

/** Answers the body under the one status of the call, or the status and body that the handler names. */
function respond(c: Context<ApiEnv>, { answers }: CallRow, result: unknown): Response {
  if (result instanceof Response) return result;
  const statuses = Object.keys(answers).map(Number);
  const { status, body } =
    statuses.length === 1
      ? { status: statuses[0] ?? 200, body: result }
      : (result as { status: number; body: unknown });
  if (isEmpty(answers[status])) return c.body(null, status as never);
  return c.json(body as never, status as ContentfulStatusCode);
}

/** Whether an answer has no body. */
export function isEmpty(answer: AnswerRow | undefined): boolean {
  return answer?.[0] instanceof z.ZodNull;
}

/** Whatever reads the body behind this reads no more of it than the row allows. */
function limitBody(bodyMax: Endpoint["bodyMax"]): MiddlewareHandler<ApiEnv> {
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

/** The limit of an endpoint's row for a body of this `Content-Type`. */
export function bodyMaxOf({ bodyMax }: Pick<Endpoint, "bodyMax">, contentType: string | null): number {
  if (typeof bodyMax === "number") return bodyMax;
  return bodyMax((contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "");
}

/** A route's path as Hono writes it: `/runs/:run` for `/runs/{run}`. */
export function routingPath(route: RouteConfig): string {
  return createRoute(route).getRoutingPath();
}
