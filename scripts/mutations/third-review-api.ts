import type { Mutation } from "./promises.ts";

/* What the third review found in the API, the hooks and the configuration (docs/security.md): each cure broken, and the test that must then be red. */

const API = "workers/consumer/src/api";

export const THIRD_REVIEW_API: Mutation[] = [
  {
    promise: "N1",
    breaks: "a body that does not declare its length may have any",
    file: "workers/consumer/src/platform/bounded-body.ts",
    find: "left -= value.byteLength;",
    replace: "left -= 0 * value.byteLength;",
    tests: [`${API}/access/bodies.test.ts`],
  },
  {
    promise: "N1",
    breaks: "a body that declares too much is read up to its limit all the same",
    file: "workers/consumer/src/platform/bounded-body.ts",
    find: "> maxBytes ? -1 : maxBytes",
    replace: "> maxBytes ? maxBytes : maxBytes",
    tests: [`${API}/access/bodies.test.ts`],
  },
  {
    promise: "N1",
    breaks: "calls that read their body themselves have no limit",
    file: `${API}/endpoint.ts`,
    find: "app.on(route.method.toUpperCase(), path, limitBody(bodyMax), admit,",
    replace: "app.on(route.method.toUpperCase(), path, admit,",
    tests: [`${API}/access/bodies.test.ts`],
  },
  {
    promise: "N1",
    breaks: "the framework reads the body, and takes 413 for malformed JSON",
    file: `${API}/endpoint.ts`,
    find: "const middleware = [limitBody(bodyMax), admit, readBody];",
    replace: "const middleware = [limitBody(bodyMax), admit];",
    tests: [`${API}/access/bodies.test.ts`],
  },
  {
    promise: "N1",
    breaks: "a body is read before its caller is known",
    file: `${API}/endpoint.ts`,
    find: "const middleware = [limitBody(bodyMax), admit, readBody];",
    replace: "const middleware = [limitBody(bodyMax), readBody, admit];",
    tests: [`${API}/access/bodies.test.ts`],
  },
  {
    promise: "N1",
    breaks: "the edge reads the body of a method that it refuses",
    file: "workers/edge/src/route.ts",
    find: 'if (method === "OPTIONS") return preflight();',
    replace: 'await request.body?.getReader().read();\n    if (method === "OPTIONS") return preflight();',
    tests: ["workers/edge/src/bodies.test.ts"],
  },
  {
    promise: "N1",
    breaks: "Ittybit's answers may be nested without end",
    file: "workers/consumer/src/ittybit/client.ts",
    find: "body: parseForeignJson(text)",
    replace: "body: JSON.parse(text)",
    tests: ["scripts/foreign-json.test.ts"],
  },
];
