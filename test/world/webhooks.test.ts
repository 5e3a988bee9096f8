import { storeKey } from "@prewarm/shared/variant-key";
import { afterEach, describe, expect, it } from "vitest";
import type { JobOrder } from "../../workers/consumer/src/ittybit/client.ts";
import { requestBody } from "../../workers/consumer/src/ittybit/client.ts";
import { type CalmOptions, CalmWorld, PUBLIC_URL } from "./calm-world.ts";
import { EVIL_HOST, PLAIN, type Telling } from "./webhooks.ts";

const KEY = "photo/400-high.webp";
const JOB_MS = 3_000;
/** Of a job so slow that polling looks at it once in minutes. */
const SLOW_MS = 1_200_000;
let world: CalmWorld;
const opened: CalmWorld[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function open(telling: Partial<Telling> = {}, more: CalmOptions = {}): CalmWorld {
  world = new CalmWorld({
    gate: { concurrency: 50, ratePerSecond: 50 },
    telling: () => ({ ...PLAIN, ...telling }),
    ...more,
  });
  opened.push(world);
  world.ittybit.plan = () => ({ ms: JOB_MS });
  return world;
}

const isStored = (key = KEY) => world.store.objects.has(storeKey(key));
const endOf = (n = 0) => world.ittybit.jobs[n]?.endsAt ?? Number.NaN;
const looks = () => world.ittybit.calls.filter((call) => !call.startsWith("submit")).length;

/** Lets time pass until it holds; how long after the first job's end that was, ms. */
async function until(what: () => boolean, ms = 60_000): Promise<number> {
  for (let left = ms; left > 0 && !what(); left -= 20) await world.clock.run(20);
  expect(what()).toBe(true);
  return world.clock.now() - endOf();
}

async function rest(): Promise<void> {
  await world.clock.run(120_000);
  expect(world.violations).toEqual([]);
  for (const table of ["jobs", "owners", "claims"]) expect(world.sql.exec(`SELECT * FROM ${table}`)).toEqual([]);
}

/** A job of twenty minutes, of which a webhook tells so: how late its result was stored, ms, and the looks that it cost. */
async function slow(telling: Partial<Telling>): Promise<{ late: number; looks: number }> {
  open(telling);
  world.ittybit.plan = () => ({ ms: SLOW_MS });
  await world.accept("upload", { photo: [KEY] });
  await until(() => world.ittybit.jobs.length === 1);
  await world.clock.run(SLOW_MS - 10_000);
  const late = await until(() => isStored(), 600_000);
  const cost = looks();
  expect(world.ittybit.jobs).toHaveLength(1);
  expect(world.sql.exec("SELECT * FROM attempts")).toEqual([]);
  expect(world.fetched.filter((url) => url.startsWith(EVIL_HOST))).toEqual([]);
  return { late, looks: cost };
}

describe("a webhook", () => {
  it("makes the poller look now: a slow job's result is stored within a second of its end", async () => {
    expect((await slow({ copies: [0] })).late).toBeLessThanOrEqual(1_000);
    expect((await slow({ copies: [] })).late).toBeGreaterThan(10_000);
  });

  it.each<[string, Partial<Telling>]>([
    ["under a wrong token", { token: "wrong" }],
    ["without a signature", { signature: "none" }],
    ["with a wrong signature", { signature: "wrong" }],
    ["that names another job", { says: "foreign" }],
    ["that names no job", { says: "nothing" }],
  ])("%s changes nothing: it costs no look, and its job is seen no sooner", async (_, telling) => {
    const [without, sent] = [await slow({ copies: [] }), await slow({ copies: [-600_000, 0], ...telling })];
    expect(sent.looks).toBe(without.looks);
    expect(sent.late).toBeGreaterThan(without.late - 1_000);
  });

  it("causes two looks at its job at most, however often and early it is sent", async () => {
    const without = await slow({ copies: [] });
    const many = await slow({ copies: Array.from({ length: 60 }, (_, n) => -900_000 + 9_000 * n) });
    expect(many.looks).toBeLessThanOrEqual(without.looks + 2);
  });

  it.each<[string, Partial<Telling>]>([
    ["lost", { copies: [] }],
    ["late", { copies: [20_000] }],
    ["early", { copies: [-2_000] }],
    ["five times", { copies: [10, 20, 30, 40, 50] }],
    ["naming another job", { says: "foreign" }],
    ["saying that it failed", { says: "failed" }],
    ["saying that it runs", { says: "running" }],
    ["naming none", { says: "nothing" }],
    ["unsigned", { signature: "none" }],
    ["under another signature", { signature: "wrong" }],
    ["under another address", { token: "wrong" }],
  ])(
    "%s: the variant is there as soon as without webhooks, and nothing of the body is believed",
    async (_, telling) => {
      open(telling);
      await world.accept("upload", { photo: [KEY] });
      expect(await until(() => isStored())).toBeLessThanOrEqual(2_500);
      await world.clock.run(30_000);
      expect(world.ittybit.jobs).toHaveLength(1);
      expect(world.fetched.filter((url) => url.startsWith(EVIL_HOST))).toEqual([]);
      expect(world.sql.exec("SELECT * FROM attempts")).toEqual([]);
      await rest();
    },
  );

  it.each<[string, Partial<Telling>, number]>([
    ["is taken", {}, 200],
    ["of another job is taken, and tells nothing", { says: "foreign" }, 200],
    ["that names no job is refused", { says: "nothing" }, 400],
    ["without a right signature is refused", { signature: "wrong" }, 401],
    ["under another address is refused", { token: "wrong" }, 401],
  ])("%s", async (_, telling, status) => {
    open(telling);
    await world.accept("upload", { photo: [KEY] });
    await until(() => world.webhooks.sent.length > 0);
    expect(world.webhooks.sent[0]?.status).toBe(status);
    await rest();
  });

  it("of a job whose POST was not answered adopts nothing: the job is found as without webhooks", async () => {
    open();
    world.ittybit.refuse = () => "lost";
    world.ittybit.blind = (call) =>
      call === "list" ? { kind: "unclear", failure: { code: "upstream_unreachable", message: "no list" } } : null;
    await world.accept("upload", { photo: [KEY] });
    await world.clock.run(JOB_MS + 3_000);
    expect(world.webhooks.sent.map(({ status }) => status)).toEqual([200]);
    expect(isStored()).toBe(false);
    world.ittybit.refuse = () => null;
    await until(() => isStored());
    expect(world.ittybit.jobs).toHaveLength(1);
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

  it("beside 49 others costs one look with them: a page serves them all", async () => {
    open({}, { gate: { concurrency: 50, ratePerSecond: 1_000, burst: 1_000 } });
    world.ittybit.plan = () => ({ ms: 20_000 - (world.clock.now() % 20_000) });
    const keys = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`p${i}`, [`p${i}/400-high.webp`]]));
    await world.accept("bulk", keys);
    await until(() => world.ittybit.jobs.length === 50);
    const before = world.ittybit.calls.length;
    await until(() => world.stored === 50);
    expect(world.ittybit.calls.slice(before).length).toBeLessThanOrEqual(25);
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
  const urls = () => new Set(bodies.map((body) => JSON.parse(body).webhook_url));

  it("is one for all jobs, and the same in every POST of a generation", async () => {
    open({ copies: [] });
    record();
    world.ittybit.refuse = () => (bodies.length < 4 ? "lost" : null);
    world.ittybit.blind = () => ({ kind: "unclear", failure: { code: "upstream_unreachable", message: "none" } });
    await world.accept("upload", { photo: [KEY] });
    await until(() => bodies.length === 4, 600_000);
    world.ittybit.blind = () => null;
    await until(() => isStored());
    expect(new Set(bodies).size).toBe(1);
    await world.accept("upload", { other: ["other/400-high.webp"] });
    await until(() => world.stored === 2);
    expect(urls()).toEqual(new Set([`${PUBLIC_URL}/ittybit/${"A".repeat(43)}`]));
    expect(world.ittybit.jobs).toHaveLength(2);
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
    opened.push(world);
    record();
    await world.accept("upload", { photo: [KEY] });
    await until(() => isStored());
    expect(urls()).toEqual(new Set([undefined]));
    expect(world.sql.exec("SELECT * FROM docs WHERE name = 'hooks'")).toEqual([]);
    const request = new Request(`${PUBLIC_URL}/ittybit/${"A".repeat(43)}`, { method: "POST", body: "{}" });
    expect((await world.clock.until(world.door(request))).status).toBe(401);
  });
});
