import { describe, expect, it } from "vitest";
import { PATIENTLY, setup, type World } from "../testing/setup.ts";

const LONG = { min: 60_000, max: 60_000 };

async function statuses(world: World, count: number, from = 0): Promise<number[]> {
  const made = Array.from({ length: count }, (_, n) => world.create({}, { "idempotency-key": `k${from + n}` }));
  return (await Promise.all(made)).map(({ status }) => status).sort();
}

describe("slots", () => {
  it("refuses jobs beyond them, replays none of them, and takes new ones once they are free", async () => {
    const world = await setup({ jobMs: LONG, maxOpenJobs: 2 });
    expect(await statuses(world, 3)).toEqual([201, 201, 429]);
    expect((await world.create({}, { "idempotency-key": "k0" })).status).toBe(200);
    world.emulator.control.configure({ maxOpenJobs: 3 });
    expect(await statuses(world, 2, 10)).toEqual([201, 429]);
    world.emulator.control.configure({ maxOpenJobs: null });
    expect((await world.create()).status).toBe(201);
  });

  it("can be told from the timeline, with the limits that were in force", async () => {
    const world = await setup({ maxOpenJobs: 1 });
    const first = await world.made({}, { "idempotency-key": "a" });
    await world.create({}, { "idempotency-key": "a" });
    await expect.poll(() => world.emulator.control.stats().openJobs, PATIENTLY).toBe(0);
    world.emulator.control.configure({
      maxOpenJobs: 5,
      rateLimit: { perSecond: 9, burst: 9, retryAfter: "none", calls: "create" },
    });
    await world.made({}, { "idempotency-key": "b" });
    const events = world.emulator.control.timeline();
    // The replay may come before or after the job's end.
    expect(events.filter(({ event }) => event !== "replayed")).toMatchObject([
      { event: "created", jobId: first.id, idempotencyKey: "a", openJobs: 1, maxOpenJobs: 1, perSecond: null },
      { event: "ended", jobId: first.id, openJobs: 0 },
      { event: "created", idempotencyKey: "b", openJobs: 1, maxOpenJobs: 5, perSecond: 9, burst: 9 },
    ]);
    expect(events.some(({ event }) => event === "replayed")).toBe(true);
    expect(events.every(({ openJobs, maxOpenJobs }) => openJobs <= (maxOpenJobs ?? 0))).toBe(true);
  });

  it("shows what it refused", async () => {
    const world = await setup({ jobMs: LONG, maxOpenJobs: 1 });
    await statuses(world, 2);
    const events = world.emulator.control.timeline().map(({ event }) => event);
    expect(events).toEqual(["created", "refused"]);
  });
});

describe("the rate", () => {
  it("may count only the calls that make jobs", async () => {
    const rateLimit = { perSecond: 0.01, burst: 2, retryAfter: "seconds", calls: "create" } as const;
    const world = await setup({ rateLimit });
    for (let n = 0; n < 5; n += 1) expect((await world.call("/jobs")).status).toBe(200);
    expect(await statuses(world, 3)).toEqual([201, 201, 429]);
    world.emulator.control.configure({ rateLimit: { ...rateLimit, burst: 50, perSecond: 1_000 } });
    await expect.poll(async () => (await world.create()).status, PATIENTLY).toBe(201);
  });
});
