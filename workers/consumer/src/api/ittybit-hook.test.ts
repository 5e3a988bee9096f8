import { createHmac } from "node:crypto";
import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import { readHookState } from "../ledger/tables/hook-state.ts";
import { type ApiWorld, createApiWorld } from "./testing/api-world.ts";

const ON = { ittybit: { webhooks: "wake", publicUrl: "https://control.example.com" } } as const;
const BODY = { id: "job_1", status: "succeeded" };
const WRONG = `/ittybit/${"B".repeat(43)}`;

const keyOf = ({ sql }: ApiWorld) => readHookState(sql)?.key ?? "";
const addressIn = (world: ApiWorld) => `/ittybit/${keyOf(world)}`;

async function ask(world: ApiWorld, path: string, body: unknown = BODY, headers: Record<string, string> = {}) {
  return (await world.call("POST", path, { token: null, body, headers })).status;
}

/** Counts the ledger's calls. */
function counted(world: ApiWorld): () => number {
  let asked = 0;
  const { pinged } = world.deps.ledger;
  world.deps.ledger.pinged = (...args) => {
    asked += 1;
    return pinged(...args);
  };
  return () => asked;
}

describe("the door for Ittybit's webhooks", () => {
  it("takes a webhook under the ledger's one address, and lets nobody in by anything else", async () => {
    const world = createApiWorld(ON);
    const path = addressIn(world);
    expect(path).toMatch(/^\/ittybit\/[A-Za-z0-9_-]{43}$/);
    expect(await ask(world, path)).toBe(200);
    expect(await ask(world, WRONG)).toBe(401);
    expect(await ask(world, path.slice(0, -1))).toBe(401);
  });

  it.each([
    ["a body that is no JSON", "{", 400],
    ["no body", "", 400],
    ["a body that names no job", { hello: "world" }, 400],
    ["a list", [], 400],
    ["an id with a line break", { id: "a\nb", status: "succeeded" }, 400],
    ["an id of a kilobyte", { id: "x".repeat(1_000), status: "succeeded" }, 400],
    ["a body nested ten thousand deep", `{"id":"job_1","x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, 400],
    ["a body that is too long", { ...BODY, more: "x".repeat(BODY_MAX_BYTES) }, 413],
  ])("answers %s under the right address with %s", async (_, body, status) => {
    const world = createApiWorld(ON);
    expect(await ask(world, addressIn(world), body)).toBe(status);
  });

  it("demands a right signature where ITTYBIT_WEBHOOK_SECRET is set, and counts any other as refused", async () => {
    const world = createApiWorld(ON);
    world.deps.secret = (name) => (name === "ITTYBIT_WEBHOOK_SECRET" ? "new,old" : undefined);
    const signed = (secret: string) => ({
      "Ittybit-Signature": createHmac("sha256", secret).update(JSON.stringify(BODY)).digest("hex"),
    });
    expect(await ask(world, addressIn(world), BODY, signed("new"))).toBe(200);
    expect(await ask(world, addressIn(world), BODY, signed("old"))).toBe(200);
    expect(await ask(world, WRONG, BODY, signed("new"))).toBe(401);
    expect(await ask(world, addressIn(world), BODY, signed("other"))).toBe(401);
    expect(await ask(world, addressIn(world))).toBe(401);
    const metrics = await (await world.call("GET", "/metrics")).text();
    expect(metrics).toContain('prewarm_ittybit_hooks_total{result="refused"} 3');
  });

  it("says the same to a wrong token whatever comes with it", async () => {
    const world = createApiWorld(ON);
    const answers = [];
    for (const body of [BODY, "{", ""])
      answers.push(await (await world.call("POST", WRONG, { token: null, body })).text());
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("unauthorized");
  });

  it("asks the ledger for what may be the token only, and for ten wrong ones of a network", async () => {
    const world = createApiWorld(ON);
    const asked = counted(world);
    for (const path of ["/ittybit/x", `/ittybit/${"A".repeat(42)}`, `/ittybit/${"A".repeat(42)}=`])
      expect(await ask(world, path)).toBe(401);
    expect(asked()).toBe(0);
    const statuses = [];
    for (let n = 0; n < 20; n += 1) statuses.push(await ask(world, WRONG));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
    expect(asked()).toBe(11);
    world.advance(300_001);
    expect(await ask(world, addressIn(world))).toBe(200);
  });

  it("asks the ledger no more than 601 times in five minutes for jobs that are not open", async () => {
    const world = createApiWorld(ON);
    const asked = counted(world);
    for (let n = 0; n < 700; n += 1) expect(await ask(world, addressIn(world), { id: `job_${n}` })).toBe(200);
    expect(asked()).toBe(601);
    world.advance(300_001);
    expect(await ask(world, addressIn(world))).toBe(200);
    expect(asked()).toBe(602);
  });

  it("is shut, without a call of the ledger, while webhooks are off", async () => {
    const world = createApiWorld({});
    const asked = counted(world);
    expect(await ask(world, WRONG)).toBe(401);
    expect(asked()).toBe(0);
    expect(readHookState(world.sql)).toBeNull();
  });

  it("shows what came of webhooks only where they are on, and no key anywhere", async () => {
    const world = createApiWorld(ON);
    await ask(world, addressIn(world));
    await ask(world, WRONG);
    const metrics = await (await world.call("GET", "/metrics")).text();
    expect(metrics).toContain('prewarm_ittybit_hooks_total{result="unknown"} 1');
    expect(metrics).toContain('prewarm_ittybit_hooks_total{result="refused"} 1');
    expect(metrics + JSON.stringify(world.logs)).not.toContain(keyOf(world));
    expect(await (await createApiWorld().call("GET", "/metrics")).text()).not.toContain("hooks");
  });
});
