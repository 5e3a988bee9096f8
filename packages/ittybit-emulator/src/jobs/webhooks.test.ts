import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { readBody } from "../api/http-io.ts";
import { listen, shut } from "../listen.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { PATIENTLY, setup, type World } from "../testing/setup.ts";

interface Receiver {
  url: string;
  headers: IncomingHttpHeaders[];
  texts: string[];
  /** Bodies in order of arrival. */
  bodies: Record<string, unknown>[];
}

/** Answers with the given statuses in turn, then 200. */
async function receiver(...statuses: number[]): Promise<Receiver> {
  const bodies: Record<string, unknown>[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      headers.push(request.headers);
      texts.push(text);
      bodies.push(JSON.parse(text) as Record<string, unknown>);
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  const port = await listen(server, 0, "127.0.0.1");
  onTestFinished(() => shut(server));
  return { url: `http://127.0.0.1:${port}/hook?token=t`, bodies, headers, texts };
}

const QUICK = { ...DEFAULT_SETTINGS.webhooks, backoffMs: 1 };

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

const BODIES = {
  job: { id: expect.any(String), object: "job", status: "succeeded", output: expect.stringMatching(/^http/) },
  guide: {
    id: expect.any(String),
    status: "succeeded",
    kind: "image",
    input: expect.stringMatching(/^http/),
    output: { url: expect.any(String) },
  },
  task: { object: "task", status: "completed", output: { url: expect.any(String) } },
  event: { id: expect.stringMatching(/^evt_/), object: "event", kind: "task.succeeded", data: { status: "succeeded" } },
};
const OWN = { reference: "job", guide: "guide", sdk: "task", v2025: "event" } as const;

it.each(Object.entries(OWN))("posts profile %s's own body, which is the %s", async (profile, kind) => {
  const hook = await receiver();
  const world = await setup({ webhooks: QUICK, profile: profile as keyof typeof OWN });
  await world.create({ webhook_url: hook.url });
  await delivered(world, hook, 1);
  expect(hook.bodies[0]).toMatchObject(BODIES[kind]);
});

const SECRET = "hook-secret";

it.each([
  ["right", SECRET, true],
  ["wrong", SECRET, false],
  ["absent", SECRET, null],
  ["right", null, null],
] as const)("signs the raw body: %s with the secret %s", async (signature, secret, holds) => {
  const hook = await receiver();
  const world = await setup({ webhooks: { ...QUICK, signature, secret } });
  await world.create({ webhook_url: hook.url });
  await delivered(world, hook, 1);
  const expected = createHmac("sha256", SECRET)
    .update(hook.texts[0] ?? "")
    .digest("hex");
  const sent = hook.headers[0]?.["ittybit-signature"];
  expect(sent === undefined ? null : sent === expected).toBe(holds);
  const [shown] = world.emulator.control.webhookDeliveries();
  expect([shown?.body, shown?.headers["ittybit-signature"]]).toEqual([hook.texts[0], sent]);
});

it("names another job's id", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: { ...QUICK, foreignId: true } });
  const { id } = await world.made({ webhook_url: hook.url });
  await delivered(world, hook, 1);
  expect(hook.bodies[0]?.id).toMatch(/^job_/);
  expect(hook.bodies[0]?.id).not.toBe(id);
});

it("overtakes the answer of its own job where that is late", async () => {
  const hook = await receiver();
  const clock = createFakeClock(1_790_000_000_000);
  const fault = { type: "late", ms: 1_000 } as const;
  const world = await setup({ clock, jobMs: { min: 0, max: 0 }, webhooks: QUICK, faults: [{ fault }] });
  let isAnswered = false;
  const answer = world.create({ webhook_url: hook.url }).then((response) => {
    isAnswered = true;
    return response;
  });
  await delivered(world, hook, 1);
  expect(isAnswered).toBe(false);
  clock.tick(1_000);
  expect((await answer).status).toBe(201);
});

it("posts events to the endpoints of their topic, beside the job's own address", async () => {
  const [own, all, failures] = await Promise.all([receiver(), receiver(), receiver()]);
  const world = await setup({ webhooks: QUICK, profile: "v2025" });
  const add = (url: string, topics: string[]) =>
    world.call("/webhooks/endpoints", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url, topics }),
    });
  expect((await add(all.url, ["task.succeeded", "task.failed"])).status).toBe(201);
  expect((await add(failures.url, ["task.failed"])).status).toBe(201);
  expect((await add(failures.url, ["task.exploded"])).status).toBe(400);
  expect(await (await world.call("/webhooks/endpoints")).json()).toMatchObject([{ object: "webhook_endpoint" }, {}]);
  await world.create({ webhook_url: own.url });
  await expect.poll(() => [own.bodies.length, all.bodies.length], PATIENTLY).toEqual([1, 1]);
  expect(failures.bodies).toEqual([]);
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

it("can send twice, or send nothing", async () => {
  const hook = await receiver();
  const world = await setup({ webhooks: { ...QUICK, duplicate: true } });
  await world.made({ webhook_url: hook.url });
  await delivered(world, hook, 2);
  expect(hook.bodies.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);

  world.emulator.control.configure({ webhooks: { ...QUICK, lossRate: 1 } });
  await world.ended((await world.made({ webhook_url: hook.url })).id);
  expect(hook.bodies).toHaveLength(2);
});

it("takes http on loopback only while allowed", async () => {
  const { create, emulator } = await setup({ webhooks: QUICK, profile: "guide" });
  const url = "http://127.0.0.1:9/hook";
  expect((await create({ webhook_url: url })).status).toBe(201);
  emulator.control.configure({ allowHttpLoopbackWebhooks: false });
  expect((await create({ webhook_url: url })).status).toBe(400);
});

it.each([
  ["reference", 400],
  ["guide", 201],
] as const)("a strict %s answers %i to webhook_url, as its pages name it or not", async (profile, status) => {
  const { create } = await setup({ webhooks: QUICK, strict: true, profile });
  expect((await create({ webhook_url: "https://hooks.example/h" })).status).toBe(status);
});
