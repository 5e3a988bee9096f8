import { OpenAPIHono } from "@hono/zod-openapi";
import { TAGS } from "@prewarm/control-schema/call";
import { WarmItem } from "@prewarm/control-schema/warm";
import { Problem } from "@prewarm/control-schema/words";
import { cookieName } from "./access/caller.ts";
import type { Endpoint, Handler } from "./endpoint.ts";

const INFO = {
  title: "Prewarm control API",
  version: "1.0.0",
  description:
    "Warm, watch and steer. Names are stable. Errors are problem documents (RFC 9457). Times are Unix milliseconds; durations are milliseconds unless the name says seconds.",
};

/** The OpenAPI 3.1 document of these calls; docs/openapi.json is its printed form. */
export function openapiDocument(endpoints: readonly Endpoint[]): Record<string, unknown> {
  // The generator comes with the router; this one routes nothing.
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "cookie", { type: "apiKey", in: "cookie", name: cookieName("https:") });
  // A schema that was made before the generator was loaded lacks its methods. A copy that is made now has them.
  registry.register("WarmItem", WarmItem.clone());
  registry.register("Problem", Problem.clone());
  for (const { route } of endpoints) registry.registerPath(route);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: INFO,
    servers: [
      {
        url: "https://{host}",
        description: "The consumer Worker of your site",
        variables: { host: { default: "prewarm-consumer.your-account.workers.dev" } },
      },
      { url: "http://localhost:8788", description: "`npm start`" },
    ],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }, { cookie: [] }],
  });
  return { ...document };
}

/** Answers the document of all calls. It is made and printed once an isolate: it takes as long as eighty other calls. */
export function documentOf(endpoints: () => readonly Endpoint[]): Handler<"GET /openapi.json"> {
  let printed: string | undefined;
  return ({ c }) => {
    printed ??= JSON.stringify(openapiDocument(endpoints()));
    return c.body(printed, 200, { "Content-Type": "application/json" });
  };
}
