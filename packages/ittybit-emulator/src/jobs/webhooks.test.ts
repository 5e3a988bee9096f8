import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { readBody } from "../api/http-io.ts";
import { listen, shut } from "../listen.ts";
import { PATIENTLY, setup, type World } from "../testing/setup.ts";

interface Receiver {
  url: string;
  /** Bodies in order of arrival. */
  bodies: Record<string, unknown>[];
}

/** Answers with the given statuses in turn, then 200. */
async function receiver(...statuses: number[]): Promise<Receiver> {
  const bodies: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      bodies.push(JSON.parse(text) as Record<string, unknown>);
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  const port = await listen(server, 0, "127.0.0.1");
  onTestFinished(() => shut(server));
  return { url: `http://127.0.0.1:${port}/hook?token=t`, bodies };
}

const QUICK = { attempts: 5, backoffMs: 1, delayMs: 0, duplicate: false, reorder: false, never: false };

async function delivered(world: World, hook: Receiver, count: number): Promise<void> {
  await expect
    .poll(() => [hook.bodies.length, world.emulator.control.webhookDeliveries().length], PATIENTLY)
    .toEqual([count, count]);
}

it("posts the finished job, the same as GET shows it", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: QUICK });
  const { id } = await world.made({ webhook_url: hook.url, metadata: { ref: "r" } });
  await delivered(world, hook, 1);
  expect(hook.bodies[0]).toEqual(await world.job(id));
  expect(hook.bodies[0]).toMatchObject({ id, status: "succeeded", metadata: { ref: "r" } });
});

it("posts failures too, but no cancellation", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: QUICK });
  world.emulator.control.addFault({ fault: { type: "cancelled" }, times: 1 });
  world.emulator.control.addFault({ match: { options: { width: 2 } }, fault: { type: "failed", error: "no" } });
  await world.ended((await world.made({ webhook_url: hook.url, options: { width: 1 } })).id);
  await world.ended((await world.made({ webhook_url: hook.url, options: { width: 2 } })).id);
  await delivered(world, hook, 1);
  expect(hook.bodies[0]).toMatchObject({ status: "failed", error: "no" });
});

it("posts the guide's task and the 2025 event in those profiles", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: QUICK, profile: "guide" });
  await world.create({ webhook_url: hook.url });
  await delivered(world, hook, 1);
  world.emulator.control.configure({ profile: "v2025" });
  await world.create({ webhook_url: hook.url });
  await delivered(world, hook, 2);
  expect(hook.bodies).toMatchObject([
    { id: expect.stringMatching(/^task_/), status: "completed", output: { url: expect.any(String) } },
    { id: expect.stringMatching(/^evt_/), object: "event", kind: "task.succeeded", data: { status: "ready" } },
  ]);
});

it("tries again after an error answer, up to the set attempts", async () => {
  const hook = await receiver(500, 404, 200);
  const world = await setup({ webhooks: QUICK });
  await world.made({ webhook_url: hook.url });
  await delivered(world, hook, 3);
  const deliveries = world.emulator.control.webhookDeliveries();
  expect(deliveries.map(({ attempt, status }) => [attempt, status])).toEqual([
    [1, 500],
    [2, 404],
    [3, 200],
  ]);

  const deaf = await receiver(500, 500, 500, 500);
  world.emulator.control.reset();
  world.emulator.control.configure({ webhooks: { ...QUICK, attempts: 2 } });
  await world.made({ webhook_url: deaf.url });
  await delivered(world, deaf, 2);
});

it("can send twice, send a stale state afterwards, or send nothing", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: { ...QUICK, duplicate: true, reorder: true } });
  await world.made({ webhook_url: hook.url });
  await delivered(world, hook, 3);
  expect(hook.bodies.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "processing"]);

  world.emulator.control.configure({ webhooks: { ...QUICK, never: true } });
  await world.ended((await world.made({ webhook_url: hook.url })).id);
  expect(hook.bodies).toHaveLength(3);
});

it("takes http on loopback only while allowed", async () => {
  const { create, emulator } = await setup({ webhooks: QUICK });
  const url = "http://127.0.0.1:9/hook";
  expect((await create({ webhook_url: url })).status).toBe(201);
  emulator.control.configure({ allowHttpLoopbackWebhooks: false });
  expect((await create({ webhook_url: url })).status).toBe(400);
});
