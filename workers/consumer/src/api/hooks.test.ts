import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { type ApiWorld, createApiWorld, HOOK_SECRET, VIEWER } from "./testing/api-world.ts";

const PROOF = new Webhook(HOOK_SECRET);

/** Sends a body to the hook `uploads`, signed as its sender signs. */
function send(world: ApiWorld, body: string, id = crypto.randomUUID(), secret = PROOF) {
  const at = new Date(world.deps.clock.now());
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": secret.sign(id, at, body),
  };
  return world.call("POST", "/hooks/uploads", { token: null, body, headers });
}

const uploaded = (...ids: string[]) =>
  JSON.stringify({ type: "image.uploaded", data: { items: ids.map((id) => ({ id })) } });

async function deliveries(world: ApiWorld) {
  const { body } = await world.json("GET", "/api/v1/hooks", { token: VIEWER });
  return body.deliveries as Record<string, unknown>[];
}

describe("hook deliveries", () => {
  it("are listed with their verdict, the newest first, with what was made of them and why not", async () => {
    const world = createApiWorld();
    await send(world, uploaded("a", "../up"), "evt_1");
    await send(world, uploaded("a", "../up"), "evt_1");
    await send(world, "{", "evt_2");
    await send(world, uploaded("a"), "evt_1");
    expect(await deliveries(world)).toMatchObject([
      { verdict: "refused", why: expect.stringMatching(/^idempotency_mismatch: /) },
      { verdict: "refused", why: expect.stringMatching(/^body_invalid: /) },
      { verdict: "repeat", accepted: 0, why: null },
      {
        hook: "uploads",
        verdict: "accepted",
        accepted: 2,
        rejected: 1,
        why: expect.stringMatching(/^id_invalid: /),
        n: 1,
      },
    ]);
    const { body } = await world.json("GET", "/api/v1/hooks");
    expect(body.hooks).toEqual([
      { name: "uploads", verifier: "standard-webhooks", mapper: "native", recipe: "upload", fault: null },
    ]);
  });

  it("of a sender without a proof are one entry with a number, told to the ledger every ten seconds", async () => {
    const world = createApiWorld();
    const wrong = new Webhook(btoa("another secret of some length..."));
    for (let n = 0; n < 50; n += 1) await send(world, uploaded("a"), `evt_${n}`, wrong);
    expect(await deliveries(world)).toMatchObject([{ verdict: "refused", n: 1 }]);
    world.advance(10_000);
    await send(world, uploaded("a"), "evt_51", wrong);
    await world.call("POST", "/hooks/%3Cscript%3E", { token: null, body: "{}" });
    world.advance(10_000);
    await world.call("POST", "/hooks/%3Cscript%3E", { token: null, body: "{}" });
    expect(await deliveries(world)).toMatchObject([
      { hook: "unknown", verdict: "refused", n: 2 },
      { hook: "uploads", verdict: "refused", n: 51, why: expect.stringMatching(/^unauthorized: /) },
    ]);
  });

  it("outlive an instance of the ledger once the minute's clock has rung, and cost it one row a minute at most", async () => {
    const world = createApiWorld();
    for (let n = 0; n < 300; n += 1) await send(world, uploaded(`a${n}`), `evt_${n}`);
    const saved = () => world.sql.exec("SELECT length(body) AS n FROM docs WHERE name = 'deliveries'")[0]?.n ?? 0;
    expect([saved(), (await deliveries(world)).length]).toEqual([0, 200]);
    await world.ledger.rearm();
    const bytes = Number(saved());
    expect([bytes > 0, bytes < 100_000]).toEqual([true, true]);
    const { config, clock } = world.deps;
    expect(testEngine(world.sql, { config, clock }).engine.listDeliveries()).toEqual(await deliveries(world));
  });

  it("fail nobody when the ledger does not take the note", async () => {
    const world = createApiWorld();
    const ledger = { ...world.deps.ledger, noteDeliveries: () => Promise.reject(new Error("gone")) };
    const other = createApiWorld({}, { ledger });
    expect((await send(other, uploaded("a"))).status).toBe(202);
    expect(other.logs.map(({ event }) => event)).toContain("hook.unnoted");
  });
});
