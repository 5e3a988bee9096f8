import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "./api-env.ts";
import type { ApiDeps } from "./deps.ts";

export type Api = OpenAPIHono<ApiEnv>;

/** Puts one area's routes into the app. */
export type Registrar = (app: Api, deps: ApiDeps) => void;
