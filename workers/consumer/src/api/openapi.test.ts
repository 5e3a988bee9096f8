import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OpenAPIHono } from "@hono/zod-openapi";
import { isAct } from "@prewarm/shared/acts";
import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "./create-api.ts";
import { type Answering, type ApiEnv, endpointOf } from "./endpoint.ts";
import { documentOf, openapiDocument } from "./openapi.ts";
import { createApiWorld } from "./testing/api-world.ts";

const docs = (name: string) => readFileSync(fileURLToPath(import.meta.resolve(`../../../../docs/${name}`)), "utf8");

describe("the document", () => {
  it("in docs/openapi.json is what the code says (else run: node scripts/print-openapi.ts)", () => {
    expect(JSON.parse(docs("openapi.json"))).toEqual(JSON.parse(JSON.stringify(openapiDocument(ENDPOINTS))));
  });

  it("and docs/api.md know every route, the latter with its role", () => {
    const lines = docs("api.md").split("\n");
    for (const { route, access } of ENDPOINTS) {
      const call = `\`${route.method.toUpperCase()} ${route.path}\``;
      expect(
        lines.filter(
          (line) => line.includes(call) && line.includes(`| ${isAct(access) ? `operator: ${access}` : access} |`),
        ),
        call,
      ).toHaveLength(1);
    }
  });

  it("names each operation once, and says of each what it is", () => {
    const ids = ENDPOINTS.map(({ route }) => route.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { route } of ENDPOINTS) expect([route.summary, route.description, route.tags?.[0]]).not.toContain("");
  });

  it("is made once, however often it is asked for", async () => {
    let made = 0;
    const handler = documentOf(() => {
      made += 1;
      return ENDPOINTS;
    });
    const app = new OpenAPIHono<ApiEnv>();
    const endpoint = endpointOf("GET /openapi.json", handler as Answering<never>);
    endpoint.mount(app, (_, next) => next());
    const texts = await Promise.all([1, 2, 3].map(async () => (await app.request("/openapi.json")).text()));
    expect(new Set(texts).size).toBe(1);
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({ openapi: "3.1.0" });
    expect(made).toBe(1);
  });

  it("names no route that the app does not answer", async () => {
    const { call } = createApiWorld();
    for (const { route } of ENDPOINTS) {
      const path = route.path.replace("{job}", "0123456789abcdef").replace(/\{[^}]+\}/g, "none");
      const answer = await call(route.method.toUpperCase(), path);
      const text = await answer.text();
      // A route that is not registered falls to the one handler that says this.
      expect(text, `${route.method} ${path}`).not.toContain('"title":"This method is not allowed here."');
      if (answer.status === 404) expect(JSON.parse(text).detail).toBeDefined();
    }
  });
});
