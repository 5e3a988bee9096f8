import { CACHE_PURGE_MS } from "@prewarm/shared/limits";
import { expect, it } from "vitest";
import { passDone, takePass } from "../images/sweeps.ts";
import { dueSweeps } from "../images/tables/sweeps.ts";
import { type ApiWorld, createApiWorld, VIEWER } from "./testing/api-world.ts";

const PATH = "/api/v1/edge-cache/purge";

/** The edge takes the call that is due, and the cache takes it. */
async function carryOut({ ledger, deps: { clock } }: ApiWorld) {
  const call = await ledger.takeCachePurge(`edge-${clock.now()}`);
  if (call !== null) await ledger.noteCachePurge(call.number, null);
  return call;
}

/** Passes that are due end. */
function sweep({ ledger: { transactions }, deps: { clock } }: ApiWorld): void {
  for (const seq of transactions.read(({ sql }) => dueSweeps(sql, clock.now(), 10))) {
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass !== null) transactions.write((tx) => passDone(tx, pass, []));
  }
}

it("an operator who may purge ends the edge's copies; the stats and the metrics tell how many purges wait", async () => {
  const world = createApiWorld({ edgeCache: "workers" });
  world.advance(60_000);
  await carryOut(world);
  world.advance(60_000);
  const stats = async () => (await world.json("GET", "/api/v1/stats", { token: VIEWER })).body.edgeCache;
  expect(await stats()).toMatchObject({ waiting: 0, oldestAt: null, error: null });
  expect((await world.json("POST", PATH, { token: VIEWER, body: { of: "signed" } })).status).toBe(403);
  expect((await world.json("POST", PATH, { body: { of: "images" } })).status).toBe(400);
  expect(await world.json("POST", PATH, { body: { of: "signed" } })).toMatchObject({
    ...{ status: 202, body: { of: "signed" } },
  });
  expect(await stats()).toMatchObject({ waiting: 1, oldestAt: world.deps.clock.now() });
  world.advance(5_000);
  const metrics = await (await world.call("GET", "/metrics")).text();
  expect(metrics).toContain("prewarm_edge_purges_waiting 1\n");
  expect(metrics).toContain("prewarm_edge_purge_oldest_seconds 5\n");
  expect(metrics).toContain("prewarm_edge_purges_failing 0\n");
  expect(await carryOut(world)).toMatchObject({ tags: ["signed"] });
});

it("is a conflict where no call reaches the copies, and neither stats nor metrics tell of it", async () => {
  const world = createApiWorld();
  expect((await world.json("POST", PATH, { body: { of: "everything" } })).status).toBe(409);
  expect((await world.json("GET", "/api/v1/stats")).body.edgeCache).toBeNull();
  expect(await (await world.call("GET", "/metrics")).text()).not.toContain("prewarm_edge_purge");
});

it("the timeline of a purge names the end of the edge's copies once the cache has taken the last call", async () => {
  const world = createApiWorld({ edgeCache: "workers", freshness: "revalidate" });
  world.advance(60_000);
  await carryOut(world);
  world.advance(60_000);
  const purge = async () => (await world.json("GET", "/api/v1/images/a")).body.purge;
  await world.call("DELETE", "/api/v1/images/a");
  sweep(world);
  await carryOut(world);
  const storeDeletedAt = world.deps.clock.now();
  world.advance(30_000);
  expect(await purge()).toMatchObject({ storeDeletedAt, edgeUntil: null, browsersUntil: null });
  world.advance(30_000);
  await carryOut(world);
  const edgeUntil = storeDeletedAt + 60_000 + CACHE_PURGE_MS;
  expect(await purge()).toMatchObject({ storeDeletedAt, edgeUntil, browsersUntil: edgeUntil });
});
