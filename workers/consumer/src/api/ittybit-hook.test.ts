import { BODY_MAX_BYTES } from "@prewarm/shared/limits";
import { describe, expect, it } from "vitest";
import { hookAddress } from "../ittybit/webhooks/hook-address.ts";
import { readHookState } from "../ledger/tables/hook-state.ts";
import { type ApiWorld, createApiWorld } from "./testing/api-world.ts";

const GEN = 1_790_000_000_000_123;
const ON = { ittybit: { webhooks: "wake", publicUrl: "https://control.example.com" } } as const;
const BODY = { id: "job_1", status: "succeeded" };

async function addressIn({ sql }: ApiWorld, gen = GEN): Promise<string> {
  return new URL(await hookAddress("https://x.example", gen, { ledgerId: "test", key: readHookState(sql)?.key ?? "" }))
    .pathname;
}

async function ask(world: ApiWorld, path: string, body: unknown = BODY, method = "POST") {
  return (await world.call(method, path, { token: null, body })).status;
}

describe("the door for Ittybit's webhooks", () => {
  it("takes a hook under a generation's address, and lets nobody in by anything else", async () => {
    const world = createApiWorld(ON);
    const path = await addressIn(world);
    expect(await ask(world, path)).toBe(200);
    expect(await ask(world, path.replace(String(GEN), String(GEN + 1)))).toBe(401);
    expect(await ask(world, `${path.slice(0, -1)}${path.endsWith("A") ? "B" : "A"}`)).toBe(401);
    expect(await ask(world, await addressIn(world, GEN + 2))).toBe(200);
  });

  it.each([
    ["a body that is no JSON", "{", 400],
    ["no body", "", 400],
    ["a body that names no job", { hello: "world" }, 400],
    ["a list", [], 400],
    ["an id with a line break", { id: "a\nb", status: "succeeded" }, 400],
    ["an id of a kilobyte", { id: "x".repeat(1_000), status: "succeeded" }, 400],
    ["a body that is too long", { ...BODY, more: "x".repeat(BODY_MAX_BYTES) }, 413],
  ])("answers %s under the right address with %s", async (_, body, status) => {
    const world = createApiWorld(ON);
    expect(await ask(world, await addressIn(world), body)).toBe(status);
  });

  it("says the same to a wrong token whatever comes with it", async () => {
    const world = createApiWorld(ON);
    const path = `/ittybit/${GEN}/${"A".repeat(22)}`;
    const answers = [];
    for (const body of [BODY, "{", ""])
      answers.push(await (await world.call("POST", path, { token: null, body })).text());
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("unauthorized");
  });

  it("asks the ledger for what may be an address only, and for ten wrong ones of a network", async () => {
    let asked = 0;
    const world = createApiWorld(ON);
    const { hooked } = world.deps.ledger;
    world.deps.ledger.hooked = (...args) => {
      asked += 1;
      return hooked(...args);
    };
    for (const path of ["/ittybit/0/x", `/ittybit/${GEN}/short`, `/ittybit/1e9/${"A".repeat(22)}`])
      expect(await ask(world, path)).toBe(401);
    expect(asked).toBe(0);
    const statuses = [];
    for (let n = 0; n < 20; n += 1) statuses.push(await ask(world, `/ittybit/${GEN + n}/${"A".repeat(22)}`));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
    expect(asked).toBe(11);
    world.advance(300_001);
    expect(await ask(world, await addressIn(world))).toBe(200);
  });

  it("is shut, without a call of the ledger, while webhooks are off", async () => {
    const world = createApiWorld({});
    world.deps.ledger.hooked = () => Promise.reject(new Error("asked"));
    expect(await ask(world, `/ittybit/${GEN}/${"A".repeat(22)}`)).toBe(401);
    expect(readHookState(world.sql)).toBeNull();
  });

  it("shows what came of hooks only where they are on, and no key anywhere", async () => {
    const world = createApiWorld(ON);
    await ask(world, await addressIn(world));
    await ask(world, `/ittybit/${GEN}/${"A".repeat(22)}`);
    const metrics = await (await world.call("GET", "/metrics")).text();
    expect(metrics).toContain('prewarm_ittybit_hooks_total{result="late"} 1');
    expect(metrics).toContain('prewarm_ittybit_hooks_total{result="refused"} 1');
    expect(metrics).toContain("prewarm_ittybit_hooks_unsigned_total 1");
    expect(metrics + JSON.stringify(world.logs)).not.toContain(readHookState(world.sql)?.key);
    expect(await (await createApiWorld().call("GET", "/metrics")).text()).not.toContain("hooks");
  });
});
