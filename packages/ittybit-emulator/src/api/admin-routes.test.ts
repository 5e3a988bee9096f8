import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { PATIENTLY, setup, type World } from "../testing/setup.ts";

async function admin(
  world: World,
  method: string,
  path: string,
  body?: unknown,
): Promise<[number, Record<string, unknown>]> {
  const headers = { authorization: "Bearer k" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${world.emulator.apiUrl}/__emulator${path}`, init);
  return [response.status, (await response.json()) as Record<string, unknown>];
}

describe("/__emulator", () => {
  it("adds, lists, counts and removes faults", async () => {
    const world = await setup();
    const [status, { ids }] = await admin(world, "POST", "/faults", [
      { fault: { type: "status", status: 402 }, on: "any", times: 1 },
      { match: { input: "x" }, fault: { type: "stuck" } },
    ]);
    expect(status).toBe(200);
    expect((await world.create()).status).toBe(402);
    const [, { faults }] = await admin(world, "GET", "/faults");
    expect(faults).toMatchObject([{ fired: 1, rule: { times: 1 } }, { fired: 0 }]);
    const [first, second] = ids as [string, string];
    expect((await admin(world, "DELETE", `/faults/${first}`))[0]).toBe(200);
    expect((await admin(world, "DELETE", `/faults/${first}`))[0]).toBe(404);
    expect((await admin(world, "GET", "/faults"))[1]).toMatchObject({ faults: [{ id: second }] });
    await admin(world, "DELETE", "/faults");
    expect((await admin(world, "GET", "/faults"))[1]).toEqual({ faults: [] });
  });

  it.each([
    ["POST", "/faults", { fault: { type: "explode" } }],
    ["POST", "/faults", { fault: { type: "stuck" }, tiems: 1 }],
    ["PATCH", "/settings", { profile: "reference", colour: "red" }],
    ["PATCH", "/settings", { profile: "2024" }],
    ["POST", "/clock", { advanceMs: -1 }],
  ])("refuses %s %s %j", async (method, path, body) => {
    expect((await admin(await setup(), method, path, body))[0]).toBe(400);
  });

  it("changes settings while it runs", async () => {
    const world = await setup();
    expect(await admin(world, "PATCH", "/settings", { profile: "guide", apiKey: "k" })).toMatchObject([
      200,
      { profile: "guide", apiKey: "k", strict: false },
    ]);
    const response = await world.create({}, { authorization: "Bearer k" });
    expect(await response.json()).toMatchObject({ status: "pending" });
  });

  it("keeps the calls with their counts, and the jobs with key and metadata", async () => {
    const world = await setup();
    const { id } = await world.made({ metadata: { ref: "m" } }, { "idempotency-key": "k1" });
    await world.create({}, { "idempotency-key": "k1" });
    await world.ended(id);
    const [, log] = await admin(world, "GET", "/requests?limit=2");
    expect(log.counts).toMatchObject({ "create 201": 1, "create 200": 1, "get 200": expect.any(Number) });
    expect(log.recent).toHaveLength(2);
    const [, all] = await admin(world, "GET", "/requests");
    expect(all.recent).toContainEqual(
      expect.objectContaining({ method: "POST", path: "/jobs", outcome: 200, idempotencyKey: "k1", jobId: id }),
    );
    const [, { jobs }] = await admin(world, "GET", "/jobs?key=k1&status=succeeded");
    expect(jobs).toMatchObject([{ id, metadata: { ref: "m" }, downloads: 0, outputUrl: expect.any(String) }]);
    expect((await admin(world, "GET", "/jobs?key=k2"))[1]).toEqual({ jobs: [] });
  });

  it("skews the clock of every answer", async () => {
    const world = await setup();
    await admin(world, "POST", "/clock", { skewMs: 86_400_000 });
    const response = await world.create();
    const job = (await response.json()) as { created_at: number };
    expect(Math.round((job.created_at - Date.now()) / 3_600_000)).toBe(24);
    expect(Math.round((Date.parse(response.headers.get("date") ?? "") - Date.now()) / 3_600_000)).toBe(24);
  });

  it("forgets everything but the settings on reset, also the jobs under way", async () => {
    const world = await setup({ strict: true, jobMs: { min: 60_000, max: 60_000 } });
    const { id } = await world.made({}, { "idempotency-key": "k" });
    world.emulator.control.addFault({ fault: { type: "stuck" } });
    await admin(world, "POST", "/reset");
    expect((await world.call(`/jobs/${id}`)).status).toBe(404);
    expect((await world.create({}, { "idempotency-key": "k" })).status).toBe(201);
    expect(world.emulator.control.faults()).toEqual([]);
    expect(world.emulator.control.stats()).toMatchObject({ createdJobs: 1, openJobs: 1 });
    expect(world.emulator.control.settings().strict).toBe(true);
  });

  it("remembers how many calls were open at once", async () => {
    const clock = createFakeClock(Date.now());
    const world = await setup({ faults: [{ fault: { type: "delay", ms: 50 } }], clock });
    const calls = [world.create(), world.create(), world.create()];
    await expect.poll(() => world.emulator.control.stats().inFlight, PATIENTLY).toBe(3);
    clock.tick(50);
    await Promise.all(calls);
    expect(world.emulator.control.stats()).toMatchObject({
      peakInFlight: 3,
      inFlight: 0,
      peakOpenJobs: expect.any(Number),
    });
  });
});
