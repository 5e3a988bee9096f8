import { storeKey } from "@prewarm/shared/variant-key";
import { afterEach, describe, expect, it } from "vitest";
import type { JobOrder } from "../../workers/consumer/src/ittybit/client.ts";
import { requestBody } from "../../workers/consumer/src/ittybit/client.ts";
import { type CalmOptions, CalmWorld, PUBLIC_URL } from "./calm-world.ts";
import { EVIL_HOST, PLAIN, type Telling } from "./webhooks.ts";

const KEY = "photo/400-high.webp";
const JOB_MS = 3_000;
let world: CalmWorld;
afterEach(() => world.close());

function open(telling: Partial<Telling> | (() => Partial<Telling>) = {}, more: CalmOptions = {}): CalmWorld {
  const how = typeof telling === "function" ? telling : () => telling;
  world = new CalmWorld({
    gate: { concurrency: 50, ratePerSecond: 50 },
    telling: () => ({ ...PLAIN, ...how() }),
    ...more,
  });
  world.ittybit.plan = () => ({ ms: JOB_MS });
  return world;
}

const isStored = (key = KEY) => world.store.objects.has(storeKey(key));
const endOf = (n = 0) => world.ittybit.jobs[n]?.endsAt ?? Number.NaN;

/** Lets time pass until it holds; how long after the first job's end that was, ms. */
async function until(what: () => boolean, ms = 60_000): Promise<number> {
  for (let left = ms; left > 0 && !what(); left -= 20) await world.clock.run(20);
  expect(what()).toBe(true);
  return world.clock.now() - endOf();
}

async function rest(): Promise<void> {
  await world.clock.run(120_000);
  expect(world.violations).toEqual([]);
  for (const table of ["jobs", "hands", "abandoned"]) expect(world.sql.exec(`SELECT * FROM ${table}`)).toEqual([]);
}

describe("a POST whose answer is lost", () => {
  /** Every POST makes its job and gives no answer, so that only a hook can tell of it in time. */
  function deaf(telling: Partial<Telling> = {}): void {
    open(telling);
    deafen();
  }

  function deafen(): void {
    world.ittybit.refuse = () => "lost";
    world.ittybit.blind = (call) =>
      call === "list" ? { kind: "unclear", failure: { code: "upstream_unreachable", message: "no list" } } : null;
  }

  it.each<[string, Partial<Telling>]>([
    ["unsigned", {}],
    ["signed", { signature: "right" }],
    ["doubled", { copies: [50, 60] }],
    ["under another's signature", { signature: "wrong" }],
  ])("is known by its hook within two seconds, and stored: %s", async (_, telling) => {
    deaf(telling);
    await world.accept("upload", { photo: [KEY] });
    expect(await until(() => isStored())).toBeLessThanOrEqual(2_000);
    expect(world.ittybit.jobs).toHaveLength(1);
    await rest();
  });

  it("takes as long as it takes to ask again where the hook is lost too", async () => {
    deaf({ copies: [] });
    await world.accept("upload", { photo: [KEY] });
    await world.clock.run(JOB_MS + 4_000);
    expect(isStored()).toBe(false);
    world.ittybit.refuse = () => null;
    await until(() => isStored());
    expect(world.ittybit.jobs).toHaveLength(1);
    await rest();
  });

  it.each<[string, Partial<Telling>]>([
    ["names another job of ours", { says: "foreign" }],
    ["says that it runs", { says: "running" }],
    ["names none", { says: "nothing" }],
    ["comes under another address", { token: "wrong" }],
  ])("adopts nothing when its hook %s", async (_, telling) => {
    open(telling);
    await world.accept("upload", { other: ["other/400-high.webp"] });
    await until(() => isStored("other/400-high.webp"));
    deafen();
    await world.accept("upload", { photo: [KEY] });
    await world.clock.run(JOB_MS + 4_000);
    expect(isStored()).toBe(false);
    world.ittybit.refuse = () => null;
    await until(() => isStored());
    expect(world.store.objects.get(storeKey(KEY))?.customMetadata.job).toBe(world.ittybit.jobs[1]?.id);
    expect(world.ittybit.jobs).toHaveLength(2);
    await rest();
  });
});

describe("a hook", () => {
  it("that overtakes its POST's answer makes one job, and one result", async () => {
    open();
    const { submit } = world.ittybit;
    world.ittybit.submit = async (order) => {
      const answer = await submit(order);
      await world.clock.sleep(JOB_MS + 8_000);
      return answer;
    };
    await world.accept("upload", { photo: [KEY] });
    expect(await until(() => isStored())).toBeLessThanOrEqual(2_500);
    await world.clock.run(20_000);
    expect(world.ittybit.jobs).toHaveLength(1);
    await rest();
  });

  it.each<[string, Partial<Telling>]>([
    ["lost", { copies: [] }],
    ["late", { copies: [20_000] }],
    ["five times", { copies: [10, 20, 30, 40, 50] }],
    ["naming another job", { says: "foreign" }],
    ["saying that it failed, unsigned", { says: "failed" }],
    ["saying that it failed, signed", { says: "failed", signature: "right" }],
    ["saying that it runs", { says: "running" }],
    ["naming none", { says: "nothing" }],
    ["under another signature", { signature: "wrong" }],
    ["under another address", { token: "wrong" }],
  ])("%s: the variant is there as soon as without hooks", async (_, telling) => {
    open(telling);
    await world.accept("upload", { photo: [KEY] });
    expect(await until(() => isStored())).toBeLessThanOrEqual(2_500);
    await world.clock.run(30_000);
    expect(world.ittybit.jobs).toHaveLength(1);
    expect(world.fetched.filter((url) => url.startsWith(EVIL_HOST))).toEqual([]);
    expect(world.sql.exec("SELECT * FROM attempts")).toEqual([]);
    await rest();
  });

  it.each<[string, Partial<Telling>, number]>([
    ["is taken", {}, 200],
    ["of another job is taken, and tells nothing", { says: "foreign" }, 200],
    ["that names no job is refused", { says: "nothing" }, 400],
    ["under another address is refused", { token: "wrong" }, 401],
  ])("%s", async (_, telling, status) => {
    open(telling);
    await world.accept("upload", { photo: [KEY] });
    await until(() => world.webhooks.sent.length > 0);
    expect(world.webhooks.sent[0]?.status).toBe(status);
    await rest();
  });

  it("during a purge and after it brings nothing back", async () => {
    open({ copies: [0, 500, 5_000] });
    await world.accept("upload", { photo: [KEY] });
    await until(() => world.ittybit.jobs.length === 1);
    await world.clock.run(JOB_MS - 100);
    await world.clock.until(world.ask((ledger) => ledger.purgeImage("photo", null, "test")));
    await world.clock.run(30 * 60_000);
    expect(isStored()).toBe(false);
    expect(world.ittybit.jobs).toHaveLength(1);
    expect(world.webhooks.sent.every(({ status }) => status === 200)).toBe(true);
    await rest();
  });

  it("that nobody hears, because the ledger is down, is sent again and does no harm", async () => {
    open();
    await world.accept("upload", { photo: [KEY] });
    await until(() => world.ittybit.jobs.length === 1);
    await world.clock.run(JOB_MS - 500);
    world.object.goDown(5_000);
    await until(() => isStored());
    expect(world.ittybit.jobs).toHaveLength(1);
    await rest();
  });
});

describe("many hooks at once", () => {
  const keysOf = (n: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, [`p${i}/400-high.webp`]]));

  it("ring the collector once: a page serves them all", async () => {
    open({}, { gate: { concurrency: 50, ratePerSecond: 1_000, burst: 1_000 } });
    world.ittybit.plan = () => ({ ms: 20_000 - (world.clock.now() % 20_000) });
    await world.accept("bulk", keysOf(50));
    await until(() => world.ittybit.jobs.length === 50);
    const before = world.ittybit.calls.length;
    await until(() => world.stored === 50);
    const calls = world.ittybit.calls.slice(before);
    expect(calls.length).toBeLessThanOrEqual(25);
    await rest();
  });

  it("that come for what ends let the looks become rare; one that is missing puts them back", async () => {
    let isLost = false;
    open(() => (isLost ? { copies: [] } : {}), { gate: { concurrency: 20, ratePerSecond: 20 } });
    await world.accept("bulk", keysOf(260));
    await until(() => world.stored === 260, 600_000);
    world.ittybit.plan = () => ({ ms: 30_000 });
    const looksOf = async (key: string): Promise<number> => {
      await world.accept("bulk", { [key]: [`${key}/400-high.webp`] });
      const before = world.ittybit.calls.length;
      await until(() => isStored(`${key}/400-high.webp`), 120_000);
      return world.ittybit.calls.slice(before).filter((call) => !call.startsWith("submit")).length;
    };
    expect(await looksOf("hooked")).toBeLessThanOrEqual(4);
    isLost = true;
    expect(await looksOf("lost")).toBeLessThanOrEqual(8);
    expect(await looksOf("after")).toBeGreaterThan(10);
    await rest();
  });
});

describe("the address", () => {
  const bodies: string[] = [];
  function record(): void {
    bodies.length = 0;
    const { submit } = world.ittybit;
    world.ittybit.submit = (order: JobOrder) => {
      bodies.push(requestBody(order));
      return submit(order);
    };
  }

  it("is the same in every POST of a generation, and nobody's without the key", async () => {
    open({ copies: [] });
    record();
    world.ittybit.refuse = () => (bodies.length < 4 ? "lost" : null);
    world.ittybit.blind = () => ({ kind: "unclear", failure: { code: "upstream_unreachable", message: "none" } });
    await world.accept("upload", { photo: [KEY] });
    await until(() => bodies.length === 4, 600_000);
    world.ittybit.blind = () => null;
    await until(() => isStored());
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? "{}").webhook_url).toMatch(
      new RegExp(`^${PUBLIC_URL}/ittybit/\\d{16}/[A-Za-z0-9_-]{22}$`),
    );
    expect(world.ittybit.jobs).toHaveLength(1);
    await rest();
  });

  it("that Ittybit refuses is left out from then on: nothing is lost, and nobody is blamed", async () => {
    open();
    record();
    const refuse = ({ webhookUrl }: JobOrder) =>
      webhookUrl === undefined
        ? null
        : ({
            kind: "rejected",
            failure: { code: "upstream_rejected", message: "unknown field webhook_url", httpStatus: 400 },
          } as const);
    world.ittybit.refuse = refuse;
    await world.accept("upload", { photo: [KEY], other: ["other/400-high.webp"] });
    await until(() => world.stored === 2);
    expect(world.sql.exec("SELECT * FROM attempts")).toEqual([]);
    await world.accept("upload", { third: ["third/400-high.webp"] });
    await until(() => world.stored === 3);
    expect(bodies.filter((body) => body.includes("webhook_url")).length).toBeLessThanOrEqual(2);
    expect(world.ittybit.jobs).toHaveLength(3);
    await rest();
  });

  it("is in no order while webhooks are off", async () => {
    world = new CalmWorld();
    record();
    await world.accept("upload", { photo: [KEY] });
    await until(() => isStored());
    expect(bodies.join()).not.toContain("webhook_url");
    expect(world.sql.exec("SELECT * FROM docs WHERE name = 'hooks'")).toEqual([]);
    const answer = await world.clock.until(
      world.door(new Request(`${PUBLIC_URL}/ittybit/1/${"A".repeat(22)}`, { method: "POST", body: "{}" })),
    );
    expect(answer.status).toBe(401);
  });
});
