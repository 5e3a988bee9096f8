import { expect, it } from "vitest";
import { createApiWorld, warm } from "./testing/api-world.ts";

const POLLED = ["stats", "history", "gate", "runs", "jobs", "causes", "images", "audit", "actions"];

const ask = async (world: ReturnType<typeof createApiWorld>, path: string, etag?: string | null) => {
  const headers = typeof etag === "string" ? { "If-None-Match": etag } : {};
  const answer = await world.call("GET", `/api/v1/${path}`, { headers });
  return { status: answer.status, etag: answer.headers.get("ETag"), answer, text: await answer.text() };
};

it.each(POLLED)("%s is answered 304 while nothing has changed, and in full after a change", async (path) => {
  const world = createApiWorld();
  await warm(world, ["a.jpg"]);
  const run = await warm(world, ["b.jpg"]);
  await world.call("DELETE", `/api/v1/runs/${run}`);
  const first = await ask(world, path);
  expect(first.answer.headers.get("Cache-Control")).toBe("private, no-cache");
  expect(first.answer.headers.get("Vary")).toBe("Authorization, Cookie");
  const again = await ask(world, path, first.etag);
  expect([again.status, again.text, again.etag]).toEqual([304, "", first.etag]);
  expect((await ask(world, path, 'W/"another"')).text).toBe(first.text);
});

it("three seconds later an idle overview is the same, and its 304 tells the server's time", async () => {
  const world = createApiWorld();
  const { etag } = await ask(world, "stats");
  world.advance(3_000);
  const again = await ask(world, "stats", etag);
  expect([again.status, again.answer.headers.get("Prewarm-At")]).toEqual([304, String(world.deps.clock.now())]);
  await warm(world, ["a.jpg"]);
  expect((await ask(world, "stats", etag)).status).toBe(200);
});

it("an hour later an overview whose held jobs wait is the same", async () => {
  const world = createApiWorld();
  await world.json("PATCH", "/api/v1/gate", {
    body: { paused: { bulk: { until: world.deps.clock.now() + 7_200_000 } } },
  });
  await warm(world, ["a.jpg", "b.jpg"]);
  // The rates of the last minute and its percentiles are of the past by then.
  world.advance(600_000);
  const { etag, text } = await ask(world, "stats");
  expect(JSON.parse(text)).toMatchObject({ open: 4 });
  for (const ms of [3_000, 57_000, 3_540_000]) {
    world.advance(ms);
    expect((await ask(world, "stats", etag)).status).toBe(304);
  }
});

it("a caller without a token is refused, whatever ETag it names", async () => {
  const world = createApiWorld();
  const { etag } = await ask(world, "stats");
  const headers = { "If-None-Match": etag ?? "" };
  expect((await world.call("GET", "/api/v1/stats", { token: null, headers })).status).toBe(401);
});
