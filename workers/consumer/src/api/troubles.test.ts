import type { Stats } from "@prewarm/control-schema/stats";
import type { Trouble } from "@prewarm/control-schema/troubles";
import { expect, it } from "vitest";
import { ADMIN, type ApiWorld, createApiWorld, endAll, VIEWER, warm } from "./testing/api-world.ts";

/* A trouble that was acknowledged stays quiet until it changes. The cron's minute is the moment at which the ledger looks. */

const statsOf = async (world: ApiWorld) => (await world.json("GET", "/api/v1/stats")).body as unknown as Stats;
const troubleOf = async (world: ApiWorld, key: string): Promise<Trouble | undefined> =>
  (await statsOf(world)).troubles.find((one) => one.key === key);
const isQuiet = async (world: ApiWorld, key: string) => (await troubleOf(world, key))?.acknowledged != null;
const ack = async (world: ApiWorld, key: string, body: object = {}) =>
  (await world.call("POST", `/api/v1/troubles/${key}/ack`, { body })).status;
const pause = (world: ApiWorld, paused: object) => world.json("PATCH", "/api/v1/gate", { body: { paused } });
async function minute(world: ApiWorld): Promise<void> {
  world.advance(60_000);
  await world.ledger.rearm();
}

/** Jobs of these ids die, two each. */
async function die(world: ApiWorld, ids: string[], message = "encoder out of memory"): Promise<void> {
  await warm(world, ids);
  endAll(world, () => ["dead", message]);
}

it("is no headline any more, and says who acknowledged it; others are", async () => {
  const world = createApiWorld();
  await pause(world, { bulk: true });
  expect(await ack(world, "paused.bulk")).toBe(204);
  const { health, troubles } = await statsOf(world);
  expect(health).toEqual({ level: "ok", sentence: "1 acknowledged trouble, no other: nothing waits.", since: null });
  expect(troubles).toMatchObject([{ acknowledged: { who: "operator token 1", at: world.deps.clock.now() } }]);
  await pause(world, { live: true });
  expect((await statsOf(world)).health).toMatchObject({
    level: "warning",
    sentence: expect.stringMatching(/^live is paused/),
  });
  const metrics = await (await world.call("GET", "/metrics", { token: VIEWER })).text();
  expect(metrics).toContain('prewarm_troubles{part="gate",level="warning",acknowledged="false"} 1\n');
  expect(metrics).toContain('prewarm_troubles{part="gate",level="warning",acknowledged="true"} 1\n');
});

it("is quiet over minutes, and another pause is not, even within the minute", async () => {
  const world = createApiWorld();
  await pause(world, { bulk: { reason: "tonight" } });
  await ack(world, "paused.bulk");
  await minute(world);
  expect(await isQuiet(world, "paused.bulk")).toBe(true);
  await pause(world, { bulk: false });
  await pause(world, { bulk: { reason: "again" } });
  expect(await isQuiet(world, "paused.bulk")).toBe(false);
});

it("that comes back after it was gone is not quiet, also with the same cause", async () => {
  const world = createApiWorld();
  await die(world, ["p/1", "p/2"]);
  await ack(world, "died.ittybit");
  await minute(world);
  expect(await isQuiet(world, "died.ittybit")).toBe(true);
  world.advance(61 * 60_000);
  await world.ledger.rearm();
  expect(await troubleOf(world, "died.ittybit")).toBeUndefined();
  await die(world, ["p/3"]);
  expect(await isQuiet(world, "died.ittybit")).toBe(false);
  const { entries } = (await world.json("GET", "/api/v1/audit?search=trouble")).body as { entries: object[] };
  expect(entries).toMatchObject([
    { what: "trouble.forget", who: "automatic", target: "died.ittybit", details: { why: "gone" } },
    { what: "trouble.acknowledge", who: "operator token 1", target: "died.ittybit" },
  ]);
});

it("is not quiet with another cause, in another folder, or once it is much larger", async () => {
  const quietAfter = async (more: (world: ApiWorld) => Promise<void>) => {
    const world = createApiWorld();
    await die(world, ["p/1", "p/2"]);
    await ack(world, "died.ittybit");
    await more(world);
    return isQuiet(world, "died.ittybit");
  };
  expect(await quietAfter((world) => die(world, ["p/3"]))).toBe(true);
  expect(await quietAfter((world) => die(world, ["q/3"]))).toBe(false);
  const ids = (n: number) => Array.from({ length: n }, (_, at) => `p/more-${at}`);
  expect(await quietAfter((world) => die(world, ids(3), "no such codec"))).toBe(false);
  // Four jobs were acknowledged, so 18 are quiet and 20 are not.
  expect(await quietAfter((world) => die(world, ids(7)))).toBe(true);
  expect(await quietAfter((world) => die(world, ids(8)))).toBe(false);
});

it("that has changed at a minute's look stays loud, also when it is as small as before again", async () => {
  const world = createApiWorld();
  const dieMany = (prefix: string, n: number) =>
    die(
      world,
      Array.from({ length: n }, (_, at) => `p/${prefix}-${at}`),
    );
  await dieMany("first", 2);
  await ack(world, "died.ittybit");
  await dieMany("more", 8);
  await minute(world);
  world.advance(30 * 60_000);
  await dieMany("later", 4);
  // The first ones leave the hour: eight are left, and four were acknowledged.
  world.advance(35 * 60_000);
  expect((await troubleOf(world, "died.ittybit"))?.sentence).toMatch(/^8 jobs died/);
  expect(await isQuiet(world, "died.ittybit")).toBe(false);
});

it("is acknowledged as it was seen: another cause by then is refused", async () => {
  const world = createApiWorld();
  await die(world, ["p/1"]);
  const seen = (await troubleOf(world, "died.ittybit"))?.cause;
  await die(world, ["p/2", "p/3"], "no such codec");
  expect(await ack(world, "died.ittybit", { cause: seen })).toBe(409);
  expect(await ack(world, "died.ittybit", { cause: (await troubleOf(world, "died.ittybit"))?.cause })).toBe(204);
});

it("is loud again when the acknowledgement is taken back", async () => {
  const world = createApiWorld();
  await pause(world, { bulk: true });
  const undo = async () => (await world.call("DELETE", "/api/v1/troubles/paused.bulk/ack")).status;
  expect(await undo()).toBe(404);
  await ack(world, "paused.bulk");
  expect(await undo()).toBe(204);
  expect(await isQuiet(world, "paused.bulk")).toBe(false);
});

it("is in the list by itself, which is the same as that of the stats", async () => {
  const world = createApiWorld();
  await pause(world, { bulk: true });
  const { body } = await world.json("GET", "/api/v1/troubles", { token: VIEWER });
  const { at, health, troubles } = await statsOf(world);
  expect(body).toEqual({ at, health, troubles });
  expect(troubles).toMatchObject([{ key: "paused.bulk", part: "gate", affects: { lanes: ["bulk"] } }]);
  const one = await world.json("GET", "/api/v1/troubles/paused.bulk", { token: VIEWER });
  expect(one).toEqual({ status: 200, body: troubles[0] });
  expect((await world.call("GET", "/api/v1/troubles/paused.live")).status).toBe(404);
});

it("must be there, and a fault of the configuration has to be mended", async () => {
  const world = createApiWorld({}, { configFaults: ["no source"] });
  expect(await ack(world, "paused.bulk")).toBe(404);
  expect(await troubleOf(world, "fault")).toMatchObject({ cause: null });
  expect(await ack(world, "fault")).toBe(404);
  expect((await world.call("POST", "/api/v1/troubles/x/ack", { token: VIEWER, body: {} })).status).toBe(403);
  expect((await world.call("POST", "/api/v1/troubles/x/ack", { token: ADMIN, body: { why: 1 } })).status).toBe(400);
});
