import { answer, createRoute, refusals, z } from "./common.ts";

export const healthzRoute = createRoute({
  method: "get",
  path: "/healthz",
  tags: ["system"],
  summary: "The Worker runs",
  security: [],
  responses: { 200: answer(z.object({ status: z.literal("ok") }), "It runs") },
});

export const readyzRoute = createRoute({
  method: "get",
  path: "/readyz",
  tags: ["system"],
  summary: "The ledger answers and the configuration is whole",
  security: [],
  responses: {
    200: answer(z.object({ status: z.literal("ready") }), "Ready"),
    503: answer(z.object({ status: z.literal("not ready"), reasons: z.array(z.string()) }), "Not ready"),
  },
});

export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["system"],
  summary: "Prometheus text format",
  responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } }, ...refusals },
});

export const openapiRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  tags: ["system"],
  summary: "This document",
  security: [],
  responses: { 200: answer(z.object({}).passthrough(), "OpenAPI 3.1") },
});
