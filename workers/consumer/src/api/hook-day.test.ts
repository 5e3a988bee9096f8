import type { HookConfig } from "@prewarm/shared/config";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { clientOf } from "../ledger/testing/client-of.ts";
import { testEngine } from "../ledger/testing/test-engine.ts";
import {
  type ApiWorld,
  createApiWorld,
  exchange,
  granted,
  HOOK_SECRET,
  key,
  SITE,
  VIEWER,
} from "./testing/api-world.ts";

// Each upload orders the two variants of the recipe `upload`.
const RUN = "hook_uploads_2026-11-24";
const HOUR_MS = 3_600_000;

const few = (jobsPerDay: number) =>
  createApiWorld({ hooks: { uploads: { ...(SITE.hooks?.uploads as HookConfig), jobsPerDay } } });

/** Sends events of images to the hook `uploads`, as whoever has its secret can. */
async function send(world: ApiWorld, type: "uploaded" | "deleted", ids: string[], more: object = {}) {
  const at = new Date(world.deps.clock.now());
  const id = crypto.randomUUID();
  const body = JSON.stringify({ type: `image.${type}`, data: { items: ids.map((one) => ({ id: one, ...more })) } });
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(HOOK_SECRET).sign(id, at, body),
  };
  const answer = await world.call("POST", "/hooks/uploads", { token: null, body, headers });
  return { status: answer.status, retryAfter: answer.headers.get("Retry-After"), body: await answer.json() };
}

async function troubles(world: ApiWorld): Promise<unknown[]> {
  const { body } = await world.json("GET", "/api/v1/stats", { token: VIEWER });
  return (body.troubles as { code: string }[]).filter(({ code }) => code === "hook");
}

it("whoever has a hook's secret orders 10,000 jobs a day, and not the month's", async () => {
  const world = createApiWorld();
  const answers = [];
  for (const round of [1, 2]) {
    const ids = Array.from({ length: 5_000 }, (_, n) => `made-up/${round}/${n}.jpg`);
    answers.push(await send(world, "uploaded", ids, { v: `r${round}` }));
  }
  expect(answers.map(({ status }) => status)).toEqual([202, 429]);
  expect(Object.values(world.ledger.getRun({ run: RUN })?.states ?? {}).reduce((sum, n) => sum + n, 0)).toBe(10_000);
});

it("beyond its jobs of a day a hook refuses uploads until midnight, takes deletions, and tells sender and operator", async () => {
  const world = few(4);
  expect(await troubles(world)).toEqual([]);
  expect((await send(world, "uploaded", ["a", "b"])).status).toBe(202);
  const asked = await world.json("GET", "/api/v1/images/a/orders", { token: VIEWER });
  const at = world.deps.clock.now();
  expect(asked.body.orders).toMatchObject([{ run: RUN, hook: "uploads", who: null, lane: "upload", at, variants: 2 }]);
  const refused = await send(world, "uploaded", ["c"]);
  expect(refused).toMatchObject({
    status: 429,
    retryAfter: String(12 * 3_600),
    body: { code: "hook_limit", title: expect.stringMatching(/jobs of today .*Deletions .*tomorrow/) },
  });
  expect(await send(world, "deleted", ["a"])).toMatchObject({ status: 202, body: { purged: 1 } });
  const { body } = await world.json("GET", "/api/v1/hooks", { token: VIEWER });
  expect(body.deliveries).toMatchObject([
    { verdict: "accepted", purged: 1 },
    { verdict: "refused", hook: "uploads", why: expect.stringMatching(/^hook_limit: This hook has ordered its jobs/) },
    { verdict: "accepted", accepted: 4 },
  ]);
  expect(await troubles(world)).toMatchObject([
    {
      level: "warning",
      key: "hook.uploads",
      sentence: expect.stringMatching(/^The hook uploads has ordered its 4 jobs/),
    },
  ]);
  world.advance(12 * HOUR_MS);
  expect(await troubles(world)).toEqual([]);
  expect(await send(world, "uploaded", ["c"])).toMatchObject({ status: 202, body: { accepted: 2 } });
});

it("neither a restart of the ledger nor a cancel of the run begins a hook's day again", async () => {
  const world = few(4);
  await send(world, "uploaded", ["a", "b"]);
  const { config, clock } = world.deps;
  const { engine } = testEngine(world.sql, { config, clock });
  world.deps.ledger = clientOf(engine);
  expect((await send(world, "uploaded", ["c"])).status).toBe(429);

  const other = few(4);
  await send(other, "uploaded", ["a"]);
  other.ledger.cancelRun(RUN, "operator");
  expect((await send(other, "uploaded", ["b"])).status).toBe(202);
  expect((await send(other, "uploaded", ["c"])).status).toBe(429);
});

it("an upload told again counts again, for a new original may be paid again; what R2 had already does not", async () => {
  const world = few(4);
  await send(world, "uploaded", ["a"], { sourceEtag: "1" });
  await send(world, "uploaded", ["a"], { sourceEtag: "2" });
  expect((await send(world, "uploaded", ["b"])).status).toBe(429);

  const other = few(4);
  await send(other, "uploaded", ["a", "b"]);
  const found = { kind: "present", objectGen: Number.MAX_SAFE_INTEGER, bytes: 1, posted: false } as const;
  const keys = [key("a", 400), key("a", 800)];
  const settled = granted(other, "w", keys).map(({ id, gen }) => ({ id, gen, outcome: found }));
  exchange(other, "w", { settled, leave: true });
  expect(other.ledger.getRun({ run: RUN })?.existing).toBe(2);
  expect((await send(other, "uploaded", ["c"])).status).toBe(202);
  expect((await send(other, "uploaded", ["d"])).status).toBe(429);
});
