import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { testEngine } from "../ledger/testing/test-engine.ts";
import { type ApiWorld, createApiWorld, endAll, HOOK_SECRET, VIEWER } from "./testing/api-world.ts";

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

async function deliveries(world: ApiWorld, query = "") {
  const { body } = await world.json("GET", `/api/v1/hooks${query}`, { token: VIEWER });
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
      {
        name: "uploads",
        verifier: "standard-webhooks",
        mapper: "native",
        recipe: "upload",
        jobsPerImage: 2,
        fault: null,
      },
    ]);
  });

  it("say what became of their images, and are found by their date", async () => {
    const world = createApiWorld();
    await send(world, uploaded("a", "b", "c", "d", "e", "f"), "evt_1");
    endAll(world, (of) => (of.startsWith("a/") ? ["dead", "the source answers 403"] : ["stored", ""]));
    world.advance(86_400_000);
    await send(world, uploaded("b"), "evt_2");
    const [second, first] = await deliveries(world);
    expect(second).toMatchObject({ images: [{ id: "b", error: null }] });
    expect(first?.images).toEqual([
      { id: "a", states: { dead: 2 }, error: { code: "upstream_failed", message: "the source answers 403" } },
      expect.objectContaining({ id: "b", error: null }),
      ...["c", "d", "e"].map((id) => ({ id, states: {}, error: null })),
    ]);
    expect(await deliveries(world, `?to=${world.deps.clock.now() - 1}`)).toEqual([first]);
    expect(await deliveries(world, `?from=${world.deps.clock.now()}&limit=1`)).toEqual([second]);
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

  const uploads = (n: number) => uploaded(...Array.from({ length: n }, (_, i) => `a${i}`));
  const gone = JSON.stringify({ type: "image.deleted", timestamp: 5, data: { items: [{ id: "a" }] } });
  it.each<[string, string[], object]>([
    ["of one chunk", [uploads(1)], { verdict: "accepted", accepted: 2, run: "hook_uploads_2026-11-24" }],
    ["of several chunks", [uploads(600)], { verdict: "accepted", accepted: 1200, rejected: 0 }],
    ["of which a part is rejected", [uploaded("a", "../up")], { accepted: 2, rejected: 1, why: expect.any(String) }],
    ["of which all is rejected", [uploaded("../up")], { verdict: "accepted", accepted: 0, rejected: 1, run: null }],
    ["of ignored files", [uploaded("a.pdf")], { verdict: "accepted", accepted: 0, ignored: 1 }],
    ["of a deletion", [gone], { verdict: "accepted", purged: 1, run: null }],
    ["of what is under way", [uploads(1), `${uploads(1)} `], { verdict: "accepted", accepted: 0, duplicates: 2 }],
    ["that comes again", [uploads(1), uploads(1)], { verdict: "repeat" }],
    ["that cannot be read", ["{"], { verdict: "refused", why: expect.stringMatching(/^body_invalid/) }],
  ])("%s outlives the instance of the ledger that answered it", async (_, bodies, wanted) => {
    const world = createApiWorld();
    for (const body of bodies) await send(world, body, body === bodies[0] ? "evt_1" : `evt_${body.length}`);
    const { config, clock } = world.deps;
    const next = testEngine(world.sql, { config, clock }).engine.listDeliveries();
    expect(next).toHaveLength(bodies.length);
    expect(next[0]).toMatchObject(wanted);
    expect(next).toEqual(await deliveries(world));
  });

  it("are the last 200, the newest 20 in a small document, and none is lost between the two", async () => {
    const world = createApiWorld();
    const { config, clock } = world.deps;
    const size = (name: string) =>
      Number(world.sql.exec("SELECT length(body) AS n FROM docs WHERE name = ?", name)[0]?.n ?? 0);
    for (let n = 0; n < 250; n += 1) {
      world.advance(1000);
      await send(world, uploaded(`a${n}`), `evt_${n}`);
      if (n % 7 > 0) continue;
      const shown = testEngine(world.sql, { config, clock }).engine.listDeliveries();
      expect(shown.map(({ at }) => at)).toEqual(
        Array.from({ length: Math.min(200, n + 1) }, (_, i) => clock.now() - i * 1000),
      );
      expect(size("deliveries-new")).toBeLessThan(6000);
    }
    expect(size("deliveries")).toBeLessThan(100_000);
  });

  it("that are refused again are counted, wherever the first refusal is stored", async () => {
    const world = createApiWorld();
    const { config, clock } = world.deps;
    for (let n = 0; n < 60; n += 1) {
      if (n % 25 === 0) await send(world, "{", `bad_${n}`);
      await send(world, uploaded(`a${n}`), `evt_${n}`);
      const shown = testEngine(world.sql, { config, clock }).engine.listDeliveries();
      const refused = shown.filter(({ verdict }) => verdict === "refused").map(({ n: times }) => times);
      expect([shown.length, refused]).toEqual([n + 2, [Math.floor(n / 25) + 1]]);
    }
  });

  it("that are refused without a proof, or while too much waits, cost no row before the cron's call", async () => {
    const world = createApiWorld({ limits: { backlogMax: 1 } });
    const rows = () => Number(world.sql.exec("SELECT total_changes() AS n")[0]?.n);
    const before = rows();
    await send(world, uploaded("a"), "evt_1", new Webhook(btoa("another secret of some length...")));
    world.advance(10_000);
    expect((await send(world, uploaded("a"), "evt_2")).status).toBe(429);
    expect([rows() - before, (await deliveries(world)).map(({ verdict }) => verdict)]).toEqual([
      0,
      ["refused", "refused"],
    ]);
    await world.ledger.rearm();
    const { config, clock } = world.deps;
    expect(testEngine(world.sql, { config, clock }).engine.listDeliveries()).toHaveLength(2);
  });

  it("are listed once and answered as the first time when the ledger is asked again, because its answer was lost", async () => {
    const world = createApiWorld();
    const { acceptChunk } = world.deps.ledger;
    world.deps.ledger.acceptChunk = async (chunk) => {
      await acceptChunk(chunk);
      return acceptChunk(chunk);
    };
    const answer = await send(world, uploaded("a"), "evt_1");
    expect(await answer.json()).toMatchObject({ accepted: 2, duplicate: false });
    expect(await deliveries(world)).toMatchObject([{ verdict: "accepted", accepted: 2 }]);
  });

  it("fail nobody when the ledger does not take the note", async () => {
    const world = createApiWorld();
    const ledger = { ...world.deps.ledger, noteDeliveries: () => Promise.reject(new Error("gone")) };
    const other = createApiWorld({}, { ledger });
    await send(other, uploaded("a"), "evt_1");
    expect((await send(other, uploaded("a"), "evt_1")).status).toBe(202);
    expect(other.logs.map(({ event }) => event)).toContain("hook.unnoted");
  });

  it("of which nothing could be used are answered 202 and logged, because their senders do not look", async () => {
    const world = createApiWorld();
    await send(world, uploaded("../up"));
    await send(world, uploaded("a", "../up"));
    expect(world.logs.filter(({ event }) => event === "hook.all_rejected")).toEqual([
      { event: "hook.all_rejected", fields: { hook: "uploads", rejected: 1, requestId: expect.any(String) } },
    ]);
  });
});
