import { describe, expect, it } from "vitest";
import { CENTRES, pathOf } from "./workers-cache/cached-edge.ts";
import { CachedWorld, type CachedWorldOptions, ID, KEYS } from "./workers-cache/cached-world.ts";

const _SECOND = 1_000;
const SECOND = 1_000;
/** Each kind of act is tried at each so many awaits of the story. 4 each night. */
const STEP = Number(process.env.CACHE_STEP ?? 90);
/** Viewers look for so long after an act, seconds: until the purge's repeat has had its effect. */
const AFTER_S = 75;

const ACTS = {
  purge: (world: CachedWorld) => void world.ask((ledger) => ledger.purgeImage(ID, null, "test")),
  replace: (world: CachedWorld) => void world.told("5"),
  force: (world: CachedWorld) => void world.told(null, true),
  focal: (world: CachedWorld) => void world.ask((ledger) => ledger.setFocal(ID, [0.2, 0.3], "test")),
  remove: (world: CachedWorld) => void world.removeImage(ID),
} as const;

/** Variants are made, looked at, made anew and looked at, from two data centres. */
async function story(options: CachedWorldOptions = {}): Promise<CachedWorld> {
  const world = new CachedWorld({ strict: true, ...options });
  await world.clock.until(world.told("1"));
  await world.watch(8);
  await world.clock.until(world.told("2"));
  await world.watch(4);
  return world;
}

const statusOf = async (world: CachedWorld, key: string) =>
  (await world.clock.until(world.edge.ask(pathOf(key), CENTRES[0]))).status;

describe("what R2 has given up", () => {
  it.each(Object.keys(ACTS) as (keyof typeof ACTS)[])(
    "is shown for no more than 5 s, at whatever await of puts, reads, fills and purges comes: %s",
    async (kind) => {
      const calm = await story();
      const { awaits } = calm;
      expect([calm.violations, calm.edge.judge.counts.old > 0]).toEqual([[], true]);
      await calm.close();
      expect(awaits).toBeGreaterThan(100);
      for (let at = 1; at <= awaits; at += STEP) {
        const world = await story({ at, act: ACTS[kind] });
        await world.watch(AFTER_S);
        expect(world.violations.slice(0, 3), `${kind} at ${at}`).toEqual([]);
        expect(world.actedAt, `${kind} at ${at}`).not.toBeNull();
        world.edge.checkRest();
        expect(world.violations, `${kind} at ${at}, at rest`).toEqual([]);
        if (kind === "remove") expect(await statusOf(world, KEYS[0]!), `${kind} at ${at}`).toBe(410);
        await world.close();
      }
    },
    600_000,
  );
});

/** The image is stored, and all its variants are copied in both data centres. */
async function warm(options: CachedWorldOptions = {}): Promise<CachedWorld> {
  const world = new CachedWorld({ strict: true, ...options });
  await world.clock.until(world.told("1"));
  await world.watch(8);
  // The purges that the first results have caused are over.
  await world.watch(AFTER_S);
  return world;
}

describe("an answer that was on its way into the cache when the purge came", () => {
  it("is shown until the purge is repeated, after 60 s, and no longer", async () => {
    let landMs = 20;
    const world = await warm({ landMs: () => landMs });
    world.edge.cache.evict(() => true);
    landMs = 50 * SECOND;
    world.look();
    await world.clock.run(SECOND);
    landMs = 20;
    await world.clock.until(world.ask((ledger) => ledger.purgeImage(ID, null, "test")));
    world.edge.judge.counts.old = 0;
    await world.watch(AFTER_S);
    expect([world.violations, world.edge.judge.counts.old > 100]).toEqual([[], true]);
    world.edge.judge.counts.old = 0;
    await world.watch(10);
    expect([world.violations, world.edge.judge.counts.old]).toEqual([[], 0]);
    await world.close();
  });

  it("is so too if a tier takes over what a purge has named, which is only assumed not to be", async () => {
    const times = [4 * SECOND, 100, 100];
    const world = await warm({ takesPurged: true, purgeMs: () => times.shift() ?? 100 });
    times.splice(0, 3, 4 * SECOND, 100, 100);
    await world.clock.until(world.ask((ledger) => ledger.purgeImage(ID, null, "test")));
    await world.watch(AFTER_S);
    expect(world.violations[0]).toMatch(/is shown 5\d\d\d ms after R2 has given it up/);
    const late = world.violations.map((text) => Number(/shown (\d+) ms/.exec(text)?.[1]));
    expect(Math.max(...late)).toBeLessThan(65 * SECOND);
    await world.close();
  });
});

describe("where another Worker has taken the account's calls", () => {
  it("the 5 s begin when the queue has made its call, which comes with the next token", async () => {
    const world = await warm({ strict: false });
    await world.clock.until(world.ask((ledger) => ledger.purgeImage(ID, null, "test")));
    world.edge.judge.counts.old = 0;
    for (let n = 0; n < 30; n += 1) {
      while (world.edge.account.take({}).success);
      await world.watch(1);
    }
    expect([world.violations, world.edge.judge.counts.old > 100]).toEqual([[], true]);
    // The next token comes after 12 s at most; a call that is refused is made again after a pause.
    await world.watch(60);
    world.edge.judge.counts.old = 0;
    await world.watch(60);
    expect([world.violations, world.edge.judge.counts.old]).toEqual([[], 0]);
    await world.close();
  });

  it("and a stranger who pokes the edge changes nothing, and makes no call", async () => {
    const world = await warm();
    const { tokens } = world.edge.account;
    for (let n = 0; n < 20; n += 1) await world.clock.until(world.edge.poke());
    expect(world.edge.account.tokens).toBeCloseTo(tokens, 0);
    const runs = world.edge.cache.runs;
    await world.watch(10);
    expect(world.edge.cache.runs).toBe(runs);
    await world.close();
  });
});

describe("a crowd of purges", () => {
  it("ends each copy within 5 s of its last object, and leaves a call for a removal", async () => {
    const world = await warm();
    const ids = Array.from({ length: 300 }, (_, n) => `many/${n}.jpg`);
    await world.clock.until(Promise.all(ids.map((id) => world.ask((ledger) => ledger.purgeImage(id, null, "test")))));
    await world.clock.until(world.removeImage(ID));
    while (world.stored > 0) await world.watch(1);
    await world.watch(6);
    expect(world.violations).toEqual([]);
    expect(await statusOf(world, KEYS[0]!)).toBe(410);
    await world.clock.run(300 * SECOND);
    expect(world.sql.exec("SELECT * FROM cache_purges")).toEqual([]);
    await world.close();
  }, 120_000);
});
