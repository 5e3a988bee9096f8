import { CALLS } from "@prewarm/control-schema/calls";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ENDPOINTS } from "./create-api.ts";
import type { Endpoint } from "./endpoint.ts";
import { createApiWorld, jobsOf, key, warm, work } from "./testing/api-world.ts";

const JSON_TYPE = "application/json";
type Parts = { query?: z.ZodType; body?: z.ZodType; answer: z.ZodType };
type Contents = { content?: Record<string, { schema: unknown }> };

const nameOf = ({ route }: Endpoint): string => `${route.method.toUpperCase()} ${route.path}`;

/** What a successful call answers: the schema of each of its statuses that has a JSON body. */
function answersOf({ route }: Endpoint): unknown[] {
  return Object.entries(route.responses)
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([, answer]) => (answer as Contents).content?.[JSON_TYPE]?.schema ?? []);
}

function membersOf(answer: z.ZodType): unknown[] {
  if (answer instanceof z.ZodUnion) return [...answer.options];
  if (answer instanceof z.ZodNullable) return [answer.unwrap()];
  return answer instanceof z.ZodNull ? [] : [answer];
}

describe("a call of the client's table", () => {
  it.each(Object.entries<Parts>(CALLS))("%s takes and answers what its route does", (name, { query, body, answer }) => {
    const endpoint = ENDPOINTS.find((one) => nameOf(one) === name);
    if (endpoint === undefined) throw new Error("There is no such route.");
    const { request } = endpoint.route;
    const taken = (request?.body as Contents | undefined)?.content?.[JSON_TYPE]?.schema;
    expect(request?.query).toBe(query);
    if (!(body instanceof z.ZodUnknown)) expect(taken).toBe(body);
    expect(membersOf(answer)).toHaveLength(answersOf(endpoint).length);
    for (const schema of answersOf(endpoint)) expect(membersOf(answer)).toContain(schema);
  });
});

it("every route of operators and hooks that speaks JSON is in the client's table", () => {
  const speaksJson = ({ route }: Endpoint): boolean => {
    const { body } = route.request ?? {};
    const types = Object.values(route.responses).flatMap((answer) => Object.keys((answer as Contents).content ?? {}));
    return (
      types.every((type) => type === JSON_TYPE || type === "application/problem+json") &&
      (body === undefined || JSON_TYPE in body.content)
    );
  };
  const wanted = ENDPOINTS.filter((one) => /^\/(api|hooks)\//.test(one.route.path) && speaksJson(one));
  expect(Object.keys(CALLS).toSorted()).toEqual(wanted.map(nameOf).toSorted());
});

describe("what is answered has the fields of its schema and no others", async () => {
  const world = createApiWorld();
  const run = await warm(world, ["made", "dead", "refused", "waits"]);
  work(world, [key("made")], "stored");
  work(world, [key("dead")], "dead");
  work(world, [key("refused")], "refused");
  const [dead] = await jobsOf(world, "state=dead");
  await world.call("PATCH", "/api/v1/gate", { body: { paused: { bulk: { reason: "lunch" } } } });
  const filter = { state: "dead" };
  const { body: action } = await world.json("POST", "/api/v1/actions", { body: { action: "retry", filter } });
  await world.call("POST", "/api/v1/images/removed/remove", { body: { reason: "asked for" } });
  // R2 takes one put of the changes object a second.
  world.advance(2_000);
  const purge = { action: action.action, kind: "purge", ids: ["another"] };
  await world.call("POST", "/api/v1/image-actions", { body: purge });
  const params: Record<string, unknown> = { run, job: dead?.job, id: "made", action: action.action };
  const reads = Object.entries<Parts>(CALLS).filter(([name]) => name.startsWith("GET "));

  it.each(reads)("%s", async (name, { answer }) => {
    const route = name.slice("GET ".length).replace("{id}/removal", "removed/removal").replace(/ids$/, "ids?run={run}");
    const path = route.replace(/\{(\w+)\}/g, (_, param: string) => String(params[param]));
    const { status, body } = await world.json("GET", path);
    expect(status).toBe(200);
    expect(answer.parse(body)).toEqual(body);
  });
});
