import { OpenAPIHono } from "@hono/zod-openapi";
import { warmItem } from "../intake/item.ts";
import { ROUTES } from "./route-table.ts";
import { problem } from "./schemas/common.ts";

const INFO = {
  title: "Prewarm control API",
  version: "1.0.0",
  description:
    "Warm, watch and steer. Names are stable. Errors are problem documents (RFC 9457). Times are Unix milliseconds; durations are milliseconds unless the name says seconds.",
};

/** The OpenAPI 3.1 document of everything in the route table; docs/openapi.json is its printed form. */
export function openapiDocument(): object {
  // The generator comes with the router; this one routes nothing.
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "cookie", { type: "apiKey", in: "cookie", name: "prewarm_session" });
  registry.register("WarmItem", warmItem);
  registry.register("Problem", problem);
  for (const { route } of ROUTES) registry.registerPath(route);
  return app.getOpenAPI31Document({ openapi: "3.1.0", info: INFO, security: [{ bearer: [] }, { cookie: [] }] });
}
