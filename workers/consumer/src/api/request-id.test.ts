import { API_ERRORS } from "@prewarm/shared/api-errors";
import { AppError } from "@prewarm/shared/errors";
import { expect, it } from "vitest";
import { clientOf } from "../ledger/testing/client-of.ts";
import { ENDPOINTS } from "./create-api.ts";
import { problemResponse } from "./problem.ts";
import { type ApiWorld, createApiWorld } from "./testing/api-world.ts";

const idOf = ({ headers }: Response) => headers.get("Prewarm-Request-Id");

it("names every answer: of each call, of a refusal, of what has not changed, of what does not exist", async () => {
  const { call } = createApiWorld();
  const calls = ENDPOINTS.map(
    ({ route }) => [route.method.toUpperCase(), route.path.replace(/\{[^}]+\}/g, "0")] as const,
  );
  const etag = (await call("GET", "/api/v1/gate")).headers.get("ETag") ?? "";
  const answers = [
    await call("GET", "/api/v1/gate", { headers: { "If-None-Match": etag } }),
    await call("GET", "/api/v1/nothing"),
    await call("GET", "/api/v1/gate", { token: "wrong" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([304, 404, 401]);
  for (const [method, path] of calls) answers.push(await call(method, path));
  expect(answers.filter((answer) => idOf(answer) === null)).toEqual([]);
  expect(new Set(answers.map(idOf)).size).toBe(answers.length);
});

it("takes Cloudflare's id of a request, and nothing else that stands in its place", async () => {
  const { call } = createApiWorld();
  const sent = (ray: string) => call("GET", "/healthz", { headers: { "CF-Ray": ray } });
  expect(idOf(await sent("8f2c1a0b9d3e4f55-FRA"))).toBe("8f2c1a0b9d3e4f55-FRA");
  for (const ray of ["<script>", "8f2c", "8f2c1a0b9d3e4f55-FRA, 1"])
    expect(idOf(await sent(ray))).toMatch(/^[\w-]{36}$/);
});

it("stands in each line that a request writes, the ledger's client's and the hooks' too", async () => {
  const lines: ApiWorld["logs"] = [];
  const gone = () => {
    throw new Error("the object was reset");
  };
  const world = createApiWorld(
    {},
    {
      logging: (log) => ({ ledger: clientOf({ read: gone, write: gone } as never, { log }) }),
      log: (event, fields) => lines.push({ event, fields }),
    },
  );
  const answers = [await world.call("GET", "/api/v1/gate"), await world.call("POST", "/hooks/uploads", { body: {} })];
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { requestId: string }[];
  expect(bodies.map(({ requestId }) => requestId)).toEqual(answers.map(idOf));
  const events = (id: string | undefined) =>
    lines.filter(({ fields }) => fields?.requestId === id).map(({ event }) => event);
  expect(events(bodies[0]?.requestId)).toEqual(expect.arrayContaining(["ledger.unanswered", "ledger.unreachable"]));
  expect(events(bodies[1]?.requestId)).toContain("hook.refused");
  expect(events(undefined)).toEqual([]);
});

it("leads from each code of the tables to its place on a page that strangers may read", async () => {
  const { call } = createApiWorld();
  const asked = { url: "https://control.example.com/api/v1/jobs?search=a", requestId: "r" };
  for (const [code, row] of Object.entries(API_ERRORS)) {
    const { type }: { type: string } = await problemResponse(new AppError(code, {}, row), asked).json();
    const { origin, pathname, hash } = new URL(type);
    expect([origin, hash]).toEqual(["https://control.example.com", `#${code}`]);
    const page = await call("GET", pathname, { token: null });
    expect(await page.text()).toContain(`<h2 id="${code}">`);
  }
});
