import { OpenAPIHono, z } from "@hono/zod-openapi";
import { WarmItem } from "@prewarm/control-schema/warm";
import { Problem } from "@prewarm/control-schema/words";
import { cookieName } from "./access/caller.ts";
import { type Endpoint, open } from "./endpoint.ts";
import { answer } from "./responses.ts";

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
    security: [{ bearer: [] }, { cookie: [] }],
  });
  return { ...document };
}

/** The call that answers the document of all the others and of itself. */
export function documentOf(others: readonly Endpoint[]): Endpoint {
  let printed: string | undefined;
  const self: Endpoint = open(
    {
      method: "get",
      path: "/openapi.json",
      tags: ["system"],
      summary: "This document",
      security: [],
      responses: { 200: answer(z.object({}).passthrough(), "OpenAPI 3.1") },
    },
    // Made and printed once an isolate: it takes as long as eighty other calls.
    (c) => {
      printed ??= JSON.stringify(openapiDocument([...others, self]));
      return c.body(printed, 200, { "Content-Type": "application/json" }) as never;
    },
  );
  return self;
}
