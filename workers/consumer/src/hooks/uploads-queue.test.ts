import { describe, expect, it } from "vitest";
import { createApiWorld, work } from "../api/testing/api-world.ts";
import { r2Event } from "./testing/fixtures.ts";
import { handleUploads } from "./uploads-queue.ts";

const sources = [{ prefix: "", bucket: "ORIGINALS", key: "photos/{id}" }];
const key = (id: string, width = 400) => `${id}/${width}-high.webp`;

function batchOf(bodies: unknown[], attempts = 1) {
  const done: string[] = [];
  const messages = bodies.map((body, n) => ({
    id: `m${n}`,
    timestamp: new Date(1000),
    body,
    attempts,
    ack: () => done.push(`ack m${n}`),
    retry: ({ delaySeconds }: { delaySeconds: number }) => done.push(`retry m${n} in ${delaySeconds}`),
  }));
  return { done, batch: { queue: "prewarm-uploads", messages } as unknown as MessageBatch<unknown> };
}

async function receive(world: ReturnType<typeof createApiWorld>, bodies: unknown[], attempts = 1): Promise<string[]> {
  const { batch, done } = batchOf(bodies, attempts);
  await handleUploads(batch, world.deps);
  return done;
}

const stats = async (world: ReturnType<typeof createApiWorld>) => (await world.json("GET", "/api/v1/stats")).body;

describe("R2's notifications", () => {
  it("wait while the configuration is at fault, for nobody else would tell of these uploads again", async () => {
    const configFaults = ["recipes.upload[0]: there is no preset “crad”"];
    const world = createApiWorld({ sources }, { configFaults });
    expect(await receive(world, [r2Event("PutObject", "photos/a.jpg"), "unreadable"])).toEqual([
      "retry m0 in 1800",
      "retry m1 in 1800",
    ]);
    const other = createApiWorld({ sources }, { configFaults: ["recipes.social[0]: there is no preset “crad”"] });
    expect(await receive(other, [r2Event("PutObject", "photos/a.jpg")])).toEqual(["ack m0"]);
  });

  it("warm what is new in the lane `upload` and purge what is gone, and are acked once that is durable", async () => {
    const world = createApiWorld({ sources });
    const bodies = [
      r2Event("PutObject", "photos/a.jpg"),
      r2Event("CompleteMultipartUpload", "photos/b.jpg"),
      r2Event("DeleteObject", "photos/c.jpg"),
    ];
    expect(await receive(world, bodies)).toEqual(["ack m0", "ack m1", "ack m2"]);
    expect(await stats(world)).toMatchObject({ open: 4, lanes: { upload: { queued: 4 } } });
    expect(world.purges()).toEqual(["c.jpg"]);
    const { body } = await world.json("GET", "/api/v1/runs");
    expect(body.runs).toMatchObject([{ run: "hook_r2_2026-11-24", lane: "upload" }]);
    const { deliveries } = (await world.json("GET", "/api/v1/hooks")).body;
    expect(deliveries).toMatchObject([{ hook: "r2", verdict: "accepted", accepted: 4, purged: 1, why: null }]);
  });

  it("of our own variants, other buckets, other keys and other types trigger nothing", async () => {
    const world = createApiWorld({ sources });
    const bodies = [
      r2Event("PutObject", "variants/a/400-high.webp", { bucket: "optimized-images" }),
      r2Event("PutObject", "photos/a.jpg", { bucket: "someone-elses" }),
      r2Event("PutObject", "elsewhere/a.jpg"),
      r2Event("PutObject", "photos/../a.jpg"),
      r2Event("PutObject", "photos/film.mp4"),
    ];
    expect(await receive(world, bodies)).toHaveLength(5);
    expect((await stats(world)).open).toBe(0);
    expect(world.logs.filter(({ event }) => event === "uploads.rejected")).toHaveLength(3);
  });

  it("that come twice make nothing twice, also in another batch and after the work is done", async () => {
    const world = createApiWorld({ sources });
    const event = r2Event("PutObject", "photos/a.jpg");
    await receive(world, [event]);
    work(world, [key("a.jpg"), key("a.jpg", 800)], "stored");
    await receive(world, [event, r2Event("PutObject", "photos/b.jpg")]);
    // A row each: who looks finds in R2 what is stored, and makes no job for it.
    expect(await stats(world)).toMatchObject({ states: { queued: 4, stored: 2 } });
    await receive(world, [event]);
    expect(await stats(world)).toMatchObject({ states: { queued: 4, stored: 2 } });
  });

  it("that nobody can read are recorded with their reason, and their mates go on", async () => {
    const world = createApiWorld({ sources });
    const done = await receive(world, [{ nonsense: true }, "text", null, r2Event("PutObject", "photos/a.jpg")]);
    expect(done.sort()).toEqual(["ack m0", "ack m1", "ack m2", "ack m3"]);
    expect((await stats(world)).open).toBe(2);
    const { body } = await world.json("GET", "/api/v1/causes");
    expect(body.unreadable).toMatchObject([
      { id: "m0", queue: "prewarm-uploads", body: '{"nonsense":true}' },
      { id: "m1" },
      { id: "m2" },
    ]);
  });

  it("that nobody can read are recorded whole, so that they can be sent again", async () => {
    const world = createApiWorld({ sources });
    const { recordDead } = world.deps.ledger;
    const recorded: string[] = [];
    world.deps.ledger.recordDead = (messages) => {
      recorded.push(...messages.map(({ body }) => body));
      return recordDead(messages);
    };
    const body = { nonsense: "x".repeat(10_000) };
    await receive(world, [body]);
    expect(recorded).toEqual([JSON.stringify(body)]);
  });

  it("are tried again, later each time, while the ledger is out of reach", async () => {
    const world = createApiWorld({ sources });
    world.deps.ledger.acceptChunk = () => Promise.reject(new Error("reset"));
    expect(await receive(world, [r2Event("PutObject", "photos/a.jpg")])).toEqual(["retry m0 in 10"]);
    expect(await receive(world, [r2Event("PutObject", "photos/a.jpg")], 4)).toEqual(["retry m0 in 80"]);
    expect(await receive(world, [r2Event("PutObject", "photos/a.jpg")], 50)).toEqual(["retry m0 in 3600"]);
  });
});
